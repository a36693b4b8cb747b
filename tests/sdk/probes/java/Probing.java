import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** How a probe is asked and answers: one JSON object in, one out. */
final class Probing {
    /** Makes the call that standard input asks for, and returns the result. */
    interface Call {
        Object make(JsonObject request) throws Exception;
    }

    /** Returns what the SDK tells its user by an exception. */
    interface Explanation {
        Told of(Exception error);
    }

    /** Of an error: null is what the SDK does not tell. */
    record Told(Integer status, String code, String message, String requestId) {}

    private Probing() {}

    static void answer(Call call, Explanation explanation) {
        var input = new InputStreamReader(System.in, StandardCharsets.UTF_8);
        // The static method that replaces this constructor came after the gson that the SDKs have.
        var request = new JsonParser().parse(input).getAsJsonObject();
        var answer = new LinkedHashMap<String, Object>();
        try {
            answer.put("result", call.make(request));
            answer.put("ok", true);
        } catch (Exception error) {
            answer.put("error", shown(error, explanation.of(error)));
            answer.put("ok", false);
        }
        System.out.println(new GsonBuilder().serializeNulls().disableHtmlEscaping().create().toJson(answer));
    }

    private static Map<String, Object> shown(Exception error, Told told) {
        var shown = new LinkedHashMap<String, Object>();
        shown.put("class", error.getClass().getSimpleName());
        shown.put("status", told.status());
        shown.put("code", told.code());
        shown.put("message", told.message());
        shown.put("request_id", told.requestId());
        return shown;
    }
}
