import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Scanner;
import javax.security.auth.callback.Callback;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerTokenCallback;

/** Kafka's Java client as far as it gets its token: a file of properties a line, `yes` and the token or `no`. */
class KafkaClient {
    public static void main(String[] arguments) throws Exception {
        Scanner lines = new Scanner(System.in);
        while (lines.hasNextLine()) {
            Properties properties = new Properties();
            properties.load(new StringReader(Files.readString(Path.of(lines.nextLine()))));
            String handlerClass = properties.getProperty("sasl.login.callback.handler.class");
            var handler = (AuthenticateCallbackHandler) Class.forName(handlerClass).getConstructor().newInstance();
            ConfigDef definition = new ConfigDef();
            SaslConfigs.addClientSaslSupport(definition);
            Map<String, Object> settings = new HashMap<>(definition.parse(properties));
            String module = properties.getProperty("sasl.jaas.config").split(" ")[0];
            var flag = AppConfigurationEntry.LoginModuleControlFlag.REQUIRED;
            try {
                handler.configure(settings, "OAUTHBEARER", List.of(new AppConfigurationEntry(module, flag, Map.of())));
                var callback = new OAuthBearerTokenCallback();
                handler.handle(new Callback[] {callback});
                System.out.println(callback.token() == null
                    ? "no " + callback.errorCode() + " " + callback.errorDescription()
                    : "yes " + callback.token().value());
            } catch (Exception error) {
                Throwable cause = error;
                while (cause.getCause() != null) cause = cause.getCause();
                System.out.println("no " + cause.toString().replace('\n', ' '));
            } finally {
                handler.close();
            }
        }
    }
}
