import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.volcengine.ark.runtime.exception.ArkHttpException;
import com.volcengine.ark.runtime.model.content.generation.CreateContentGenerationTaskRequest;
import com.volcengine.ark.runtime.model.content.generation.CreateContentGenerationTaskRequest.Content;
import com.volcengine.ark.runtime.model.content.generation.DeleteContentGenerationTaskRequest;
import com.volcengine.ark.runtime.model.content.generation.GetContentGenerationTaskRequest;
import com.volcengine.ark.runtime.model.content.generation.ListContentGenerationTasksRequest;
import com.volcengine.ark.runtime.model.content.generation.ListContentGenerationTasksResponse.Item;
import com.volcengine.ark.runtime.service.ArkService;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import retrofit2.HttpException;

/** Drives ArkService of com.volcengine:volcengine-java-sdk-ark-runtime. */
public final class ArkProbe {
    private static final int PAGE_SIZE = 10;

    public static void main(String[] args) {
        Probing.answer(ArkProbe::call, ArkProbe::explain);
    }

    private static Object call(JsonObject request) {
        // The timeout is that of the whole call, retries included: the SDK has none for an attempt alone.
        var ark = ArkService.builder()
                .baseUrl(request.get("base_url").getAsString() + "/api/v3")
                .apiKey(request.get("api_key").getAsString())
                .timeout(Duration.ofMillis((long) (request.get("timeout_seconds").getAsDouble() * 1000)))
                .build();
        var arguments = request.getAsJsonObject("arguments");
        return switch (request.get("operation").getAsString()) {
            case "create" -> create(ark, arguments);
            case "get" -> get(ark, arguments);
            case "list" -> list(ark, arguments);
            case "delete" -> delete(ark, arguments);
            default -> throw new IllegalArgumentException(request.get("operation").getAsString());
        };
    }

    private static Object create(ArkService ark, JsonObject arguments) {
        var wanted = CreateContentGenerationTaskRequest.builder()
                .model(text(arguments, "model"))
                .content(List.of(Content.builder().type("text").text(text(arguments, "text")).build()))
                .resolution(text(arguments, "resolution"))
                .ratio(text(arguments, "ratio"))
                .duration(arguments.has("duration") ? arguments.get("duration").getAsLong() : null)
                .build();
        return Map.of("id", ark.createContentGenerationTask(wanted).getId());
    }

    private static Object get(ArkService ark, JsonObject arguments) {
        var task = ark.getContentGenerationTask(
                GetContentGenerationTaskRequest.builder().taskId(text(arguments, "id")).build());
        var shown = new TreeMap<String, Object>();
        shown.put("id", task.getId());
        shown.put("status", task.getStatus());
        shown.put("video_url", task.getContent() == null ? null : task.getContent().getVideoUrl());
        shown.put("duration", task.getDuration());
        return shown;
    }

    private static Object list(ArkService ark, JsonObject arguments) {
        var wanted = ListContentGenerationTasksRequest.builder()
                .pageNum(number(arguments, "page_num", 1))
                .pageSize(number(arguments, "page_size", PAGE_SIZE))
                .model(text(arguments, "model"))
                .taskIds(texts(arguments, "task_ids"));
        if (arguments.has("status")) {
            wanted.status(text(arguments, "status"));
        }
        var page = ark.listContentGenerationTasks(wanted.build());
        return Map.of("total", page.getTotal(), "ids", page.getItems().stream().map(Item::getId).toList());
    }

    private static Object delete(ArkService ark, JsonObject arguments) {
        ark.deleteContentGenerationTask(
                DeleteContentGenerationTaskRequest.builder().taskId(text(arguments, "id")).build());
        return new JsonObject();
    }

    private static Probing.Told explain(Exception error) {
        if (error instanceof ArkHttpException refused) {
            return new Probing.Told(refused.statusCode, refused.code, refused.getMessage(), refused.requestId);
        }
        // So it shows an answer that is not JSON, as a proxy's own may be.
        var status = error instanceof HttpException bare ? bare.code() : null;
        return new Probing.Told(status, null, error.toString(), null);
    }

    private static String text(JsonObject arguments, String name) {
        return arguments.has(name) ? arguments.get(name).getAsString() : null;
    }

    private static int number(JsonObject arguments, String name, int otherwise) {
        return arguments.has(name) ? arguments.get(name).getAsInt() : otherwise;
    }

    private static List<String> texts(JsonObject arguments, String name) {
        if (!arguments.has(name)) {
            return List.of();
        }
        return StreamSupport.stream(arguments.getAsJsonArray(name).spliterator(), false)
                .map(JsonElement::getAsString)
                .toList();
    }
}
