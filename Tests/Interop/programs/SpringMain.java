import java.util.Scanner;

/** The page's class for Spring Security: a token a line, `yes` or `no`. */
class SpringMain {
    public static void main(String[] arguments) {
        var decoder = AccessTokenDecoder.jwtDecoder();
        Scanner lines = new Scanner(System.in);
        while (lines.hasNextLine()) {
            try {
                System.out.println("yes " + decoder.decode(lines.nextLine()).getSubject());
            } catch (RuntimeException error) {
                System.out.println("no " + error.getMessage().replace('\n', ' '));
            }
        }
    }
}
