// Makes an asset and a video with it, through universal.DoCallWithType, which reads answers into structs:
// go get github.com/volcengine/volcengine-go-sdk
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

// Group asks to make or change a group of assets.
type Group struct {
	Id          string `json:",omitempty"`
	Name        string
	Description string `json:",omitempty"`
	GroupType   string `json:",omitempty"`
}

// NewAsset asks to make an asset.
type NewAsset struct {
	GroupId, URL, Name, AssetType string
}

// Rename asks to change an asset's name.
type Rename struct {
	Id, Name string
}

// ID names a group or an asset; most actions take or give nothing else.
type ID struct {
	Id string
}

// Asset is what GetAsset answers.
type Asset struct {
	Id, Name, Status string
	Error            *struct{ Code, Message string }
}

// AssetQuery asks for a page of assets.
type AssetQuery struct {
	Filter               AssetFilter
	PageNumber, PageSize int
}

// AssetFilter says which assets are wanted.
type AssetFilter struct {
	GroupType          string
	GroupIds, Statuses []string
}

// AssetPage is what ListAssets answers.
type AssetPage struct {
	TotalCount int
	Items      []Asset
}

// None is the result of an action that returns nothing.
type None struct{}

func main() {
	url, key := os.Getenv("SEEDGATE_URL"), os.Getenv("SEEDGATE_API_KEY")

	// The SDK signs its requests, so the API key goes where the access key id belongs; any secret does. The endpoint
	// has no path: DoCallWithType leaves the struct of a bare answer empty, and reports no error.
	config := volcengine.NewConfig().
		WithCredentials(credentials.NewStaticCredentials(key, "unused", "")).
		WithRegion("cn-beijing").
		WithEndpoint(url)
	sess, err := session.NewSession(config)
	if err != nil {
		log.Fatal(err)
	}
	ark := arkruntime.NewClientWithApiKey(key, arkruntime.WithBaseUrl(url+"/api/v3"))
	if err := run(universal.New(sess), ark); err != nil {
		log.Fatal(err)
	}
}

// call calls an action of the Assets API.
func call[Answer, Body any](client *universal.Universal, action string, body Body) (Answer, error) {
	var answer Answer
	err := client.DoCallWithType(
		universal.RequestUniversal{
			ServiceName: "ark",
			Action:      action,
			Version:     "2024-01-01",
			HttpMethod:  universal.POST,
			ContentType: universal.ApplicationJSON,
		},
		&body,
		&answer,
	)
	if err != nil {
		return answer, fmt.Errorf("%s: %w", action, err)
	}
	return answer, nil
}

func run(client *universal.Universal, ark *arkruntime.Client) error {
	group, err := call[ID](client, "CreateAssetGroup", Group{
		Name: "kittens", Description: "References", GroupType: "AIGC",
	})
	if err != nil {
		return err
	}
	fmt.Println("group", group.Id)

	asset, err := call[ID](client, "CreateAsset", NewAsset{
		GroupId: group.Id, URL: assetURL, Name: "grey kitten", AssetType: "Image",
	})
	if err != nil {
		return err
	}
	fmt.Println("asset", asset.Id)
	if err := waitActive(client, asset); err != nil {
		return err
	}
	fmt.Println("active", asset.Id)

	taskID, err := createTask(ark, "asset://"+asset.Id)
	if err != nil {
		return err
	}
	fmt.Println("created", taskID)

	page, err := call[AssetPage](client, "ListAssets", AssetQuery{
		Filter:     AssetFilter{GroupType: "AIGC", GroupIds: []string{group.Id}, Statuses: []string{"Active"}},
		PageNumber: 1,
		PageSize:   10,
	})
	if err != nil {
		return err
	}
	fmt.Println("listed", page.TotalCount)
	return renameAndDelete(client, group, asset)
}

// waitActive returns once the asset can be used.
func waitActive(client *universal.Universal, id ID) error {
	for {
		asset, err := call[Asset](client, "GetAsset", id)
		if err != nil {
			return err
		}
		switch asset.Status {
		case "Active":
			return nil
		case "Processing":
			time.Sleep(pollSeconds * time.Second)
		default:
			return fmt.Errorf("%s is %s: %+v", asset.Id, asset.Status, asset.Error)
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

func renameAndDelete(client *universal.Universal, group, asset ID) error {
	if _, err := call[ID](client, "UpdateAsset", Rename{Id: asset.Id, Name: "white kitten"}); err != nil {
		return err
	}
	change := Group{Id: group.Id, Name: "cats", Description: "More references"}
	if _, err := call[ID](client, "UpdateAssetGroup", change); err != nil {
		return err
	}
	renamed, err := call[Asset](client, "GetAsset", asset)
	if err != nil {
		return err
	}
	fmt.Println("renamed", renamed.Name)

	if _, err := call[None](client, "DeleteAsset", asset); err != nil {
		return err
	}
	if _, err := call[None](client, "DeleteAssetGroup", group); err != nil {
		return err
	}
	fmt.Println("deleted", group.Id)
	return nil
}
