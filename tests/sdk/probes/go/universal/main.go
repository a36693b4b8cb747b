// Drives volcengine/universal of Volcano Engine's Go SDK: DoCall, which answers maps; with -typed DoCallWithType,
// which reads answers into structs. Built with go.old.mod, the line whose retries do not say that they are retries.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"time"

	"github.com/volcengine/volcengine-go-sdk/volcengine"
	"github.com/volcengine/volcengine-go-sdk/volcengine/credentials"
	"github.com/volcengine/volcengine-go-sdk/volcengine/custom"
	"github.com/volcengine/volcengine-go-sdk/volcengine/session"
	"github.com/volcengine/volcengine-go-sdk/volcengine/universal"
	"github.com/volcengine/volcengine-go-sdk/volcengine/volcengineerr"

	"seedgate-probes/probing"
)

type request struct {
	Endpoint        string         `json:"endpoint"`
	Way             string         `json:"way"`
	APIKey          string         `json:"api_key"`
	AccessKeyID     string         `json:"access_key_id"`
	SecretAccessKey string         `json:"secret_access_key"`
	Region          string         `json:"region"`
	Action          string         `json:"action"`
	Body            map[string]any `json:"body"`
	Typed           bool           `json:"typed"`
	TimeoutSeconds  float64        `json:"timeout_seconds"`
}

// answer has the fields of all actions' answers; those of the one at hand are set.
type answer struct {
	Id          *string `json:",omitempty"`
	Name        *string `json:",omitempty"`
	Description *string `json:",omitempty"`
	GroupType   *string `json:",omitempty"`
	GroupId     *string `json:",omitempty"`
	AssetType   *string `json:",omitempty"`
	Status      *string `json:",omitempty"`
	URL         *string `json:",omitempty"`
	BytedToken  *string `json:",omitempty"`
	H5Link      *string `json:",omitempty"`
	CallbackURL *string `json:",omitempty"`
	TotalCount  *int    `json:",omitempty"`
	PageNumber  *int    `json:",omitempty"`
	PageSize    *int    `json:",omitempty"`
	// A pointer tells an empty page from an answer without one.
	Items *[]answer `json:",omitempty"`
}

func main() {
	typed := flag.Bool("typed", false, "call DoCallWithType rather than DoCall")
	flag.Parse()
	probing.Answer(func(request request) (any, error) {
		request.Typed = request.Typed || *typed
		return call(request)
	}, explain)
}

func call(request request) (any, error) {
	config, err := configure(request)
	if err != nil {
		return nil, err
	}
	opened, err := session.NewSession(config)
	if err != nil {
		return nil, err
	}
	client := universal.New(opened)
	what := universal.RequestUniversal{
		ServiceName: "ark",
		Action:      request.Action,
		Version:     "2024-01-01",
		HttpMethod:  universal.POST,
		ContentType: universal.ApplicationJSON,
	}
	if request.Typed {
		var found answer
		err := client.DoCallWithType(what, &request.Body, &found)
		return found, err
	}
	return client.DoCall(what, &request.Body)
}

func configure(request request) (*volcengine.Config, error) {
	config := volcengine.NewConfig().
		WithCredentials(credentials.NewStaticCredentials("unused", "unused", "")).
		WithRegion(request.Region).
		WithEndpoint(request.Endpoint).
		WithHTTPClient(&http.Client{Timeout: time.Duration(request.TimeoutSeconds * float64(time.Second))})
	switch request.Way {
	case "access_key":
		return config.WithCredentials(accessKey(request)), nil
	case "x_api_key":
		return config.WithExtendHttpRequest(func(_ context.Context, sent *http.Request) {
			sent.Header.Set("X-Api-Key", request.APIKey)
		}), nil
	case "bearer":
		return config.AddInterceptor(custom.SdkInterceptor{Before: func(info custom.RequestInfo) any {
			info.Request.Header.Set("Authorization", "Bearer "+request.APIKey)
			return nil
		}}), nil
	case "printed":
		return config.WithExtendHttpRequest(func(_ context.Context, sent *http.Request) {
			sent.Header.Set("Authorization", "Bearer "+request.APIKey)
		}), nil
	}
	return nil, fmt.Errorf("%w: %s", probing.ErrRequest, request.Way)
}

func accessKey(request request) *credentials.Credentials {
	if request.AccessKeyID == "" {
		return credentials.NewStaticCredentials(request.APIKey, "unused", "")
	}
	return credentials.NewStaticCredentials(request.AccessKeyID, request.SecretAccessKey, "")
}

func explain(err error) probing.Failure {
	shown := probing.Failure{Class: fmt.Sprintf("%T", err), Message: err.Error()}
	var failed volcengineerr.Error
	if errors.As(err, &failed) {
		shown.Code, shown.Message = probing.Shown(failed.Code()), failed.Message()
	}
	var answered volcengineerr.RequestFailure
	if errors.As(err, &answered) {
		shown.Status, shown.RequestID = probing.Shown(answered.StatusCode()), probing.Shown(answered.RequestID())
	}
	return shown
}
