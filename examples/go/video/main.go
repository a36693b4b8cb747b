// Makes a video with Volcano Engine's SDK: go get github.com/volcengine/volcengine-go-sdk
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/volcengine/volcengine-go-sdk/service/arkruntime"
	"github.com/volcengine/volcengine-go-sdk/service/arkruntime/model"
	"github.com/volcengine/volcengine-go-sdk/volcengine"
)

const pollSeconds = 1 // 5 to 10 is right for real videos, which take minutes

func main() {
	client := arkruntime.NewClientWithApiKey(
		os.Getenv("SEEDGATE_API_KEY"),
		arkruntime.WithBaseUrl(os.Getenv("SEEDGATE_URL")+"/api/v3"),
	)
	if err := run(context.Background(), client); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, client *arkruntime.Client) error {
	created, err := client.CreateContentGenerationTask(ctx, model.CreateContentGenerationTaskRequest{
		Model: "doubao-seedance-2",
		Content: []*model.CreateContentGenerationContentItem{{
			Type: model.ContentGenerationContentItemTypeText,
			Text: volcengine.String("A kitten stretches in the morning light"),
		}},
		Resolution: volcengine.String("720p"),
		Ratio:      volcengine.String("16:9"),
		Duration:   volcengine.Int64(5),
	})
	if err != nil {
		return err
	}
	fmt.Println("created", created.ID)

	task, err := wait(ctx, client, created.ID)
	if err != nil {
		return err
	}

	// The link ends after a day: keep the clip, not the link.
	file := task.ID + ".mp4"
	size, err := download(task.Content.VideoURL, file)
	if err != nil {
		return err
	}
	fmt.Printf("saved %s (%d bytes)\n", file, size)

	page, err := client.ListContentGenerationTasks(ctx, model.ListContentGenerationTasksRequest{
		PageSize: volcengine.Int(10),
		Filter:   &model.ListContentGenerationTasksFilter{Status: volcengine.String(model.StatusSucceeded)},
	})
	if err != nil {
		return err
	}
	fmt.Println("listed", page.Total)

	err = client.DeleteContentGenerationTask(ctx, model.DeleteContentGenerationTaskRequest{ID: task.ID})
	if err != nil {
		return err
	}
	fmt.Println("deleted", task.ID)
	return nil
}

// wait returns the task once it has succeeded.
func wait(ctx context.Context, client *arkruntime.Client, id string) (model.GetContentGenerationTaskResponse, error) {
	for {
		task, err := client.GetContentGenerationTask(ctx, model.GetContentGenerationTaskRequest{ID: id})
		if err != nil {
			return task, err
		}
		switch task.Status {
		case model.StatusSucceeded:
			return task, nil
		case model.StatusQueued, model.StatusRunning:
			fmt.Println("status", task.Status)
			time.Sleep(pollSeconds * time.Second)
		default:
			return task, fmt.Errorf("%s ended %s: %+v", id, task.Status, task.Error)
		}
	}
}

func download(url, file string) (int64, error) {
	clip, err := http.Get(url)
	if err != nil {
		return 0, err
	}
	defer clip.Body.Close()
	if clip.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("download: %s", clip.Status)
	}
	saved, err := os.Create(file)
	if err != nil {
		return 0, err
	}
	size, err := io.Copy(saved, clip.Body)
	if err != nil {
		saved.Close()
		return 0, err
	}
	return size, saved.Close()
}
