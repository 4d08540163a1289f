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
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler;

/** Kafka's validator, set up as a broker sets it up from its properties: a token a line, `yes` or `no`. */
class KafkaBroker {
    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        try (var reader = Files.newBufferedReader(Path.of(arguments[0]))) {
            properties.load(reader);
        }
        String prefix = "listener.name.sasl_ssl.oauthbearer.";
        String handlerClass = properties.getProperty(prefix + "sasl.server.callback.handler.class");
        var handler = (OAuthBearerValidatorCallbackHandler) Class.forName(handlerClass).getConstructor().newInstance();
        ConfigDef definition = new ConfigDef();
        SaslConfigs.addClientSaslSupport(definition);
        Map<String, Object> settings = new HashMap<>(definition.parse(properties));
        String module = properties.getProperty(prefix + "sasl.jaas.config").split(" ")[0];
        var flag = AppConfigurationEntry.LoginModuleControlFlag.REQUIRED;
        handler.configure(settings, "OAUTHBEARER", List.of(new AppConfigurationEntry(module, flag, Map.of())));
        Scanner lines = new Scanner(System.in);
        while (lines.hasNextLine()) {
            var callback = new OAuthBearerValidatorCallback(lines.nextLine());
            handler.handle(new Callback[] {callback});
            boolean accepted = callback.token() != null;
            System.out.println(accepted
                ? "yes " + callback.token().principalName() + " " + callback.token().scope()
                : "no " + callback.errorStatus());
        }
        // Closing it takes as long as a request for the key set may.
        System.exit(0);
    }
}
