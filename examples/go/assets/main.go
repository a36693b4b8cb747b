// Makes an asset and a video with it, through universal.DoCall: go get github.com/volcengine/volcengine-go-sdk
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/volcengine/volcengine-go-sdk/service/arkruntime"
	"github.com/volcengine/volcengine-go-sdk/service/arkruntime/model"
	"github.com/volcengine/volcengine-go-sdk/volcengine"
	"github.com/volcengine/volcengine-go-sdk/volcengine/credentials"
	"github.com/volcengine/volcengine-go-sdk/volcengine/session"
	"github.com/volcengine/volcengine-go-sdk/volcengine/universal"
)

const (
	pollSeconds = 1 // 5 to 10 is right for real assets
	assetURL    = "https://example.com/reference.png"
)

func main() {
	url, platformApiKey := os.Getenv("SEEDGATE_URL"), os.Getenv("SEEDGATE_API_KEY")

	// The SDK signs its requests, so the API key goes where the access key id belongs; any secret does. The signer
	// overwrites an Authorization header that WithExtendHttpRequest sets. With NewStaticCredentials("unused",
	// "unused", "") either of these works instead:
	//
	//	WithExtendHttpRequest(func(_ context.Context, req *http.Request) {
	//		req.Header.Set("X-Api-Key", platformApiKey)
	//	})
	//
	//	AddInterceptor(custom.SdkInterceptor{Before: func(info custom.RequestInfo) any {
	//		info.Request.Header.Set("Authorization", "Bearer "+platformApiKey) // after signing
	//		return nil
	//	}})
	config := volcengine.NewConfig().
		WithCredentials(credentials.NewStaticCredentials(platformApiKey, "unused", "")).
		WithRegion("cn-beijing").
		WithEndpoint(url + "/api/v3/assets")

	sess, err := session.NewSession(config)
	if err != nil {
		log.Fatal(err)
	}
	ark := arkruntime.NewClientWithApiKey(platformApiKey, arkruntime.WithBaseUrl(url+"/api/v3"))
	if err := run(assets{universal.New(sess)}, ark); err != nil {
		log.Fatal(err)
	}
}

// assets calls the actions of the Assets API.
type assets struct {
	client *universal.Universal
}

func (a assets) call(action string, body map[string]any) (map[string]any, error) {
	resp, err := a.client.DoCall(
		universal.RequestUniversal{
			ServiceName: "ark",
			Action:      action,
			Version:     "2024-01-01",
			HttpMethod:  universal.POST,
			ContentType: universal.ApplicationJSON,
		},
		&body,
	)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	return *resp, nil
}

func run(assets assets, ark *arkruntime.Client) error {
	group, err := assets.call("CreateAssetGroup", map[string]any{
		"Name": "kittens", "Description": "References", "GroupType": "AIGC",
	})
	if err != nil {
		return err
	}
	fmt.Println("group", group["Id"])

	asset, err := assets.call("CreateAsset", map[string]any{
		"GroupId": group["Id"], "URL": assetURL, "Name": "grey kitten", "AssetType": "Image",
	})
	if err != nil {
		return err
	}
	fmt.Println("asset", asset["Id"])
	if err := assets.waitActive(asset["Id"]); err != nil {
		return err
	}
	fmt.Println("active", asset["Id"])

	taskID, err := createTask(ark, fmt.Sprint("asset://", asset["Id"]))
	if err != nil {
		return err
	}
	fmt.Println("created", taskID)

	page, err := assets.call("ListAssets", map[string]any{
		"Filter": map[string]any{
			"GroupType": "AIGC", "GroupIds": []any{group["Id"]}, "Statuses": []string{"Active"},
		},
		"PageNumber": 1,
		"PageSize":   10,
	})
	if err != nil {
		return err
	}
	fmt.Println("listed", page["TotalCount"])
	return assets.renameAndDelete(group["Id"], asset["Id"])
}

// waitActive returns once the asset can be used.
func (a assets) waitActive(id any) error {
	for {
		asset, err := a.call("GetAsset", map[string]any{"Id": id})
		if err != nil {
			return err
		}
		switch asset["Status"] {
		case "Active":
			return nil
		case "Processing":
			time.Sleep(pollSeconds * time.Second)
		default:
			return fmt.Errorf("%v is %v: %v", id, asset["Status"], asset["Error"])
		}
	}
}

// createTask makes a video that shows what is on the reference image.
func createTask(ark *arkruntime.Client, image string) (string, error) {
	task, err := ark.CreateContentGenerationTask(context.Background(), model.CreateContentGenerationTaskRequest{
		Model: "doubao-seedance-2",
		Content: []*model.CreateContentGenerationContentItem{
			{Type: model.ContentGenerationContentItemTypeText, Text: volcengine.String("The kitten stretches")},
			{
				Type:     model.ContentGenerationContentItemTypeImage,
				ImageURL: &model.ImageURL{URL: image},
				Role:     volcengine.String("reference_image"),
			},
		},
		Resolution: volcengine.String("720p"),
		Ratio:      volcengine.String("16:9"),
		Duration:   volcengine.Int64(5),
	})
	return task.ID, err
}

func (a assets) renameAndDelete(groupID, assetID any) error {
	if _, err := a.call("UpdateAsset", map[string]any{"Id": assetID, "Name": "white kitten"}); err != nil {
		return err
	}
	_, err := a.call("UpdateAssetGroup", map[string]any{"Id": groupID, "Name": "cats", "Description": "More references"})
	if err != nil {
		return err
	}
	renamed, err := a.call("GetAsset", map[string]any{"Id": assetID})
	if err != nil {
		return err
	}
	fmt.Println("renamed", renamed["Name"])

	if _, err := a.call("DeleteAsset", map[string]any{"Id": assetID}); err != nil {
		return err
	}
	if _, err := a.call("DeleteAssetGroup", map[string]any{"Id": groupID}); err != nil {
		return err
	}
	fmt.Println("deleted", groupID)
	return nil
}
