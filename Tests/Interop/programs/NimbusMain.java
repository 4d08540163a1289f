import java.util.Scanner;

/** The page's class for Nimbus: a token a line, `yes` or `no`. */
class NimbusMain {
    public static void main(String[] arguments) throws Exception {
        var tokens = new AccessTokens();
        Scanner lines = new Scanner(System.in);
        while (lines.hasNextLine()) {
            try {
                System.out.println("yes " + tokens.verify(lines.nextLine()).getSubject());
            } catch (Exception error) {
                System.out.println("no " + error.getMessage());
            }
        }
    }
}
