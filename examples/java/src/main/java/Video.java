import com.volcengine.ark.runtime.model.content.generation.CreateContentGenerationTaskRequest;
import com.volcengine.ark.runtime.model.content.generation.CreateContentGenerationTaskRequest.Content;
import com.volcengine.ark.runtime.model.content.generation.DeleteContentGenerationTaskRequest;
import com.volcengine.ark.runtime.model.content.generation.GetContentGenerationTaskRequest;
import com.volcengine.ark.runtime.model.content.generation.ListContentGenerationTasksRequest;
import com.volcengine.ark.runtime.model.content.generation.TaskStatus;
import com.volcengine.ark.runtime.service.ArkService;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Makes a video with Volcano Engine's SDK: com.volcengine:volcengine-java-sdk-ark-runtime. */
public class Video {
    static final int POLL_SECONDS = 1; // 5 to 10 is right for real videos, which take minutes

    public static void main(String[] args) throws Exception {
        var ark = ArkService.builder()
                .baseUrl(System.getenv("SEEDGATE_URL") + "/api/v3")
                .apiKey(System.getenv("SEEDGATE_API_KEY"))
                .build();

        var id = ark.createContentGenerationTask(CreateContentGenerationTaskRequest.builder()
                .model("doubao-seedance-2")
                .content(List.of(Content.builder()
                        .type("text")
                        .text("A kitten stretches in the morning light")
                        .build()))
                .resolution("720p")
                .ratio("16:9")
                .duration(5L)
                .build()).getId();
        System.out.println("created " + id);

        var get = GetContentGenerationTaskRequest.builder().taskId(id).build();
        var task = ark.getContentGenerationTask(get);
        while (Set.of(TaskStatus.QUEUED, TaskStatus.RUNNING).contains(task.getStatus())) {
            System.out.println("status " + task.getStatus());
            TimeUnit.SECONDS.sleep(POLL_SECONDS);
            task = ark.getContentGenerationTask(get);
        }
        if (!TaskStatus.SUCCEEDED.equals(task.getStatus())) {
            throw new IllegalStateException(id + " ended " + task.getStatus() + ": " + task.getError());
        }

        // The link ends after a day: keep the clip, not the link.
        var file = Path.of(id + ".mp4");
        try (var clip = new URL(task.getContent().getVideoUrl()).openStream()) {
            System.out.printf("saved %s (%d bytes)%n", file, Files.copy(clip, file));
        }

        // This SDK needs both numbers: without pageNum it throws a NullPointerException.
        var page = ark.listContentGenerationTasks(ListContentGenerationTasksRequest.builder()
                .status(TaskStatus.SUCCEEDED)
                .pageNum(1)
                .pageSize(10)
                .build());
        System.out.println("listed " + page.getTotal());

        ark.deleteContentGenerationTask(DeleteContentGenerationTaskRequest.builder().taskId(id).build());
        System.out.println("deleted " + id);

        ark.shutdownExecutor();
    }
}
