// Drives service/arkruntime of Volcano Engine's Go SDK.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/volcengine/volcengine-go-sdk/service/arkruntime"
	"github.com/volcengine/volcengine-go-sdk/service/arkruntime/model"

	"seedgate-probes/probing"
)

type request struct {
	BaseURL        string          `json:"base_url"`
	APIKey         string          `json:"api_key"`
	Operation      string          `json:"operation"`
	Arguments      json.RawMessage `json:"arguments"`
	TimeoutSeconds float64         `json:"timeout_seconds"`
}

func main() {
	probing.Answer(call, explain)
}

func call(request request) (any, error) {
	client := arkruntime.NewClientWithApiKey(
		request.APIKey,
		arkruntime.WithBaseUrl(request.BaseURL+"/api/v3"),
		arkruntime.WithTimeout(time.Duration(request.TimeoutSeconds*float64(time.Second))),
	)
	switch request.Operation {
	case "create":
		return create(client, request.Arguments)
	case "get":
		return get(client, request.Arguments)
	case "list":
		return list(client, request.Arguments)
	case "delete":
		return remove(client, request.Arguments)
	}
	return nil, fmt.Errorf("%w: %s", probing.ErrRequest, request.Operation)
}

func create(client *arkruntime.Client, arguments json.RawMessage) (any, error) {
	var body model.CreateContentGenerationTaskRequest
	var given struct{ Text string }
	if err := read(arguments, &body, &given); err != nil {
		return nil, err
	}
	body.Content = []*model.CreateContentGenerationContentItem{
		{Type: model.ContentGenerationContentItemTypeText, Text: &given.Text},
	}
	created, err := client.CreateContentGenerationTask(context.Background(), body)
	return map[string]any{"id": created.ID}, err
}

func get(client *arkruntime.Client, arguments json.RawMessage) (any, error) {
	var wanted model.GetContentGenerationTaskRequest
	if err := read(arguments, &wanted); err != nil {
		return nil, err
	}
	task, err := client.GetContentGenerationTask(context.Background(), wanted)
	return map[string]any{
		"id":        task.ID,
		"status":    task.Status,
		"video_url": probing.Shown(task.Content.VideoURL),
		"duration":  task.Duration,
	}, err
}

func list(client *arkruntime.Client, arguments json.RawMessage) (any, error) {
	var page model.ListContentGenerationTasksRequest
	var filter model.ListContentGenerationTasksFilter
	if err := read(arguments, &page, &filter); err != nil {
		return nil, err
	}
	page.Filter = &filter
	found, err := client.ListContentGenerationTasks(context.Background(), page)
	ids := []string{}
	for _, task := range found.Items {
		ids = append(ids, task.ID)
	}
	return map[string]any{"total": found.Total, "ids": ids}, err
}

func remove(client *arkruntime.Client, arguments json.RawMessage) (any, error) {
	var wanted model.DeleteContentGenerationTaskRequest
	if err := read(arguments, &wanted); err != nil {
		return nil, err
	}
	return map[string]any{}, client.DeleteContentGenerationTask(context.Background(), wanted)
}

// read fills structs with the arguments of an operation, each with those that it has a field for.
func read(arguments json.RawMessage, into ...any) error {
	for _, each := range into {
		if err := json.Unmarshal(arguments, each); err != nil {
			return fmt.Errorf("%w: %w", probing.ErrRequest, err)
		}
	}
	return nil
}

func explain(err error) probing.Failure {
	var answered *model.APIError
	if errors.As(err, &answered) {
		return probing.Failure{
			Class:     fmt.Sprintf("%T", answered),
			Status:    &answered.HTTPStatusCode,
			Code:      probing.Shown(answered.Code),
			Message:   answered.Message,
			RequestID: probing.Shown(answered.RequestId),
		}
	}
	// The status of a request without an answer is the SDK's own invention, 500; so is what its user sees.
	var failed *model.RequestError
	if errors.As(err, &failed) {
		return probing.Failure{
			Class:     fmt.Sprintf("%T", failed),
			Status:    &failed.HTTPStatusCode,
			Message:   failed.Error(),
			RequestID: probing.Shown(failed.RequestId),
		}
	}
	return probing.Failure{Class: fmt.Sprintf("%T", err), Message: err.Error()}
}
