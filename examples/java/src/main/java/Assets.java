import com.volcengine.ApiClient;
import com.volcengine.ApiException;
import com.volcengine.ContentType;
import com.volcengine.HttpMethod;
import com.volcengine.UniversalApi;
import com.volcengine.UniversalRequest;
import com.volcengine.ark.runtime.model.content.generation.CreateContentGenerationTaskRequest;
import com.volcengine.ark.runtime.model.content.generation.CreateContentGenerationTaskRequest.Content;
import com.volcengine.ark.runtime.model.content.generation.CreateContentGenerationTaskRequest.ImageUrl;
import com.volcengine.ark.runtime.service.ArkService;
import com.volcengine.sign.Credentials;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Makes an asset and a video with it, with Volcano Engine's SDK: com.volcengine:volcengine-java-sdk-core. */
public class Assets {
    static final int POLL_SECONDS = 1; // 5 to 10 is right for real assets
    static final String ASSET_URL = "https://example.com/reference.png";

    static final URI GATEWAY = URI.create(System.getenv("SEEDGATE_URL"));
    static final String KEY = System.getenv("SEEDGATE_API_KEY");

    // The SDK signs its requests, so the API key goes where the access key id belongs; any secret does.
    // The endpoint is host and port, without a scheme.
    static final UniversalApi API = new UniversalApi(new ApiClient()
            .setCredentials(Credentials.getCredentials(KEY, "unused"))
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
        var groupId = call("CreateAssetGroup",
                Map.of("Name", "kittens", "Description", "References", "GroupType", "AIGC")).get("Id");
        System.out.println("group " + groupId);

        var assetId = call("CreateAsset",
                Map.of("GroupId", groupId, "URL", ASSET_URL, "Name", "grey kitten", "AssetType", "Image")).get("Id");
        System.out.println("asset " + assetId);

        var asset = call("GetAsset", Map.of("Id", assetId));
        while (asset.get("Status").equals("Processing")) {
            TimeUnit.SECONDS.sleep(POLL_SECONDS);
            asset = call("GetAsset", Map.of("Id", assetId));
        }
        if (!asset.get("Status").equals("Active")) {
            throw new IllegalStateException(assetId + " is " + asset.get("Status") + ": " + asset.get("Error"));
        }
        System.out.println("active " + assetId);

        var ark = ArkService.builder().baseUrl(GATEWAY + "/api/v3").apiKey(KEY).build();
        var task = ark.createContentGenerationTask(CreateContentGenerationTaskRequest.builder()
                .model("doubao-seedance-2")
                .content(List.of(
                        Content.builder().type("text").text("The kitten stretches").build(),
                        Content.builder()
                                .type("image_url")
                                .imageUrl(ImageUrl.builder().url("asset://" + assetId).build())
                                .role("reference_image")
                                .build()))
                .resolution("720p")
                .ratio("16:9")
                .duration(5L)
                .build());
        System.out.println("created " + task.getId());
        ark.shutdownExecutor();

        var wanted = Map.of("GroupType", "AIGC", "GroupIds", List.of(groupId), "Statuses", List.of("Active"));
        var page = call("ListAssets", Map.of("Filter", wanted, "PageNumber", 1, "PageSize", 10));
        System.out.println("listed " + page.get("TotalCount"));

        call("UpdateAsset", Map.of("Id", assetId, "Name", "white kitten"));
        call("UpdateAssetGroup", Map.of("Id", groupId, "Name", "cats", "Description", "More references"));
        System.out.println("renamed " + call("GetAsset", Map.of("Id", assetId)).get("Name"));

        call("DeleteAsset", Map.of("Id", assetId));
        call("DeleteAssetGroup", Map.of("Id", groupId));
        System.out.println("deleted " + groupId);
    }
}
