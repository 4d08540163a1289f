mod verify;

use std::io::BufRead;

/// The page's function for jsonwebtoken: a token a line, `yes` or `no`. The key set is a file.
fn main() {
    let path = std::env::args().nth(1).expect("a file");
    let keys = serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("a key set");
    for line in std::io::stdin().lock().lines() {
        match verify::verify(&line.expect("a line"), &keys) {
            Ok(claims) => println!("yes {}", claims["sub"]),
            Err(error) => println!("no {error}"),
        }
    }
}
