import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Makes a video with the JDK's own client as it comes, which asks for HTTP/2 with every request. */
public final class Video {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final String TASKS = System.getenv("SEEDGATE_URL") + "/api/v3/contents/generations/tasks";
    private static final int POLL_MILLISECONDS = 500;

    public static void main(String[] arguments) throws Exception {
        var body = """
                {"model": "doubao-seedance-2", "content": [{"type": "text", "text": "%s"}], "duration": 5}
                """.formatted(System.getenv("PROMPT"));
        var post = request(TASKS).header("Content-Type", "application/json").POST(BodyPublishers.ofString(body));
        var id = members("id", send(post)).get(0);
        System.out.println("created " + id);

        String task;
        while (true) {
            task = send(request(TASKS + "/" + id));
            var status = members("status", task).get(0);
            System.out.println("status " + status);
            if (!List.of("queued", "running").contains(status)) {
                break;
            }
            Thread.sleep(POLL_MILLISECONDS);
        }

        var link = URI.create(members("video_url", task).get(0));
        CLIENT.send(HttpRequest.newBuilder(link).build(), BodyHandlers.ofFile(Path.of("clip.mp4")));
        System.out.println("saved clip.mp4");

        var wanted = "?filter.task_ids=" + id + "&filter.task_ids=" + System.getenv("EARLIER_TASK");
        var listed = members("id", send(request(TASKS + wanted)));
        System.out.println("listed " + listed.stream().collect(Collectors.joining(" ")));

        send(request(TASKS + "/" + id).DELETE());
        System.out.println("deleted " + id);
    }

    private static HttpRequest.Builder request(String url) {
        return HttpRequest.newBuilder(URI.create(url))
                .header("Authorization", "Bearer " + System.getenv("SEEDGATE_API_KEY"));
    }

    private static String send(HttpRequest.Builder request) throws Exception {
        var answer = CLIENT.send(request.build(), BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IllegalStateException(answer.statusCode() + " " + answer.body());
        }
        return answer.body();
    }

    /** Returns the texts of all members of a name in some JSON. */
    private static List<String> members(String name, String json) {
        var pattern = Pattern.compile("\"" + name + "\": *\"([^\"]*)\"");
        return pattern.matcher(json).results().map(found -> found.group(1)).toList();
    }
}
