import com.volcengine.ApiClient;
import com.volcengine.ApiException;
import com.volcengine.ContentType;
import com.volcengine.HttpMethod;
import com.volcengine.UniversalApi;
import com.volcengine.UniversalRequest;
import com.volcengine.sign.Credentials;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Verifies a person's face, with Volcano Engine's SDK: com.volcengine:volcengine-java-sdk-core. */
public class Face {
    static final int POLL_SECONDS = 1;
    static final Duration TOKEN_LIFE = Duration.ofSeconds(120); // the time that the person has
    static final int NOT_FOUND = 404;

    static final URI GATEWAY = URI.create(System.getenv("SEEDGATE_URL"));

    // The SDK signs its requests, so the API key goes where the access key id belongs; any secret does.
    // The endpoint is host and port, without a scheme.
    static final UniversalApi API = new UniversalApi(new ApiClient()
            .setCredentials(Credentials.getCredentials(System.getenv("SEEDGATE_API_KEY"), "unused"))
            .setRegion("cn-beijing")
            .setEndpoint(GATEWAY.getAuthority())
            .setDisableSSL(GATEWAY.getScheme().equals("http")));

    /** Calls an action of the Assets API. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> call(String action, Map<String, Object> body) throws ApiException {
        var request = new UniversalRequest(
                "ark", action, "2024-01-01", HttpMethod.POST, ContentType.ApplicationJSON);
        return (Map<String, Object>) API.doCall(request, body).get("Result");
    }

    public static void main(String[] args) throws Exception {
        var session = call("CreateVisualValidateSession", Map.of("CallbackURL", "https://www.example.com/callback"));
        // On the person's own device. It leads to CallbackURL when they are done, with resultCode=10000 if all went
        // well.
        System.out.println("open " + session.get("H5Link"));

        // Assets of this person go into this group.
        System.out.println("verified " + await(session.get("BytedToken")));
    }

    /** Returns the id of the group that a finished verification leads to. */
    static Object await(Object token) throws ApiException, InterruptedException {
        var giveUpAt = Instant.now().plus(TOKEN_LIFE);
        while (true) {
            try {
                return call("GetVisualValidateResult", Map.of("BytedToken", token)).get("GroupId");
            } catch (ApiException error) {
                // Not found means that the person has not finished.
                if (error.getCode() != NOT_FOUND || Instant.now().isAfter(giveUpAt)) {
                    throw error;
                }
            }
            TimeUnit.SECONDS.sleep(POLL_SECONDS);
        }
    }
}
