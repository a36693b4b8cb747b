import com.google.gson.JsonObject;
import com.volcengine.ApiClient;
import com.volcengine.ApiException;
import com.volcengine.ContentType;
import com.volcengine.HttpMethod;
import com.volcengine.UniversalApi;
import com.volcengine.UniversalRequest;
import com.volcengine.sign.Credentials;
import java.net.URI;
import java.util.LinkedHashMap;

/** Drives UniversalApi of com.volcengine:volcengine-java-sdk-core, the call of any action of any service. */
public final class UniversalProbe {
    public static void main(String[] args) {
        Probing.answer(UniversalProbe::call, UniversalProbe::explain);
    }

    private static Object call(JsonObject request) throws ApiException {
        var client = client(request);
        var what = new UniversalRequest(
                "ark", text(request, "action"), "2024-01-01", HttpMethod.POST, ContentType.ApplicationJSON);
        // The values stay JSON: a plain map would turn 1 into 1.0.
        var body = new LinkedHashMap<String, Object>();
        request.getAsJsonObject("body").entrySet().forEach(each -> body.put(each.getKey(), each.getValue()));
        return new UniversalApi(client).doCall(what, body);
    }

    private static ApiClient client(JsonObject request) {
        var endpoint = URI.create(text(request, "endpoint"));
        var milliseconds = (int) (request.get("timeout_seconds").getAsDouble() * 1000);
        var key = text(request, "api_key");
        var client = new ApiClient()
                .setCredentials(Credentials.getCredentials("unused", "unused"))
                .setRegion(text(request, "region"))
                .setEndpoint(endpoint.getAuthority() + endpoint.getPath())
                .setDisableSSL(endpoint.getScheme().equals("http"))
                .setConnectTimeout(milliseconds)
                .setReadTimeout(milliseconds);
        switch (text(request, "way")) {
            case "access_key" -> client.setCredentials(credentials(request));
            case "x_api_key" -> client.addDefaultHeader("X-Api-Key", key);
            // okhttp's interceptors run when the SDK has signed.
            case "bearer" -> client.getHttpClient().interceptors().add(chain ->
                    chain.proceed(chain.request().newBuilder().header("Authorization", "Bearer " + key).build()));
            case "printed" -> client.addDefaultHeader("Authorization", "Bearer " + key);
            default -> throw new IllegalArgumentException(text(request, "way"));
        }
        return client;
    }

    private static Credentials credentials(JsonObject request) {
        var id = text(request, "access_key_id");
        var secret = text(request, "secret_access_key");
        return Credentials.getCredentials(
                id == null ? text(request, "api_key") : id, secret == null ? "unused" : secret);
    }

    private static Probing.Told explain(Exception error) {
        if (!(error instanceof ApiException refused)) {
            return new Probing.Told(null, null, error.toString(), null);
        }
        var status = refused.getCode() == 0 ? null : refused.getCode();
        var metadata = refused.getResponseMetadata();
        if (metadata == null || metadata.getError() == null) {
            var message = refused.getResponseBody() == null ? refused.getMessage() : refused.getResponseBody();
            return new Probing.Told(status, null, message, null);
        }
        var told = metadata.getError();
        return new Probing.Told(status, told.getCode(), told.getMessage(), metadata.getRequestId());
    }

    private static String text(JsonObject request, String name) {
        var found = request.get(name);
        return found == null || found.isJsonNull() ? null : found.getAsString();
    }
}
