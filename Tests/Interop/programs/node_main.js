// The page's function for jose: a token a line, `yes` or `no`.
const { verify } = require("./verify.js");

(async () => {
  for await (const line of require("readline").createInterface({ input: process.stdin })) {
    try {
      console.log("yes", (await verify(line)).sub);
    } catch (error) {
      console.log("no", error.message);
    }
  }
})();
