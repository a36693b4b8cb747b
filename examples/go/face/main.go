// Verifies a person's face, with Volcano Engine's SDK: go get github.com/volcengine/volcengine-go-sdk
package main

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/volcengine/volcengine-go-sdk/volcengine"
	"github.com/volcengine/volcengine-go-sdk/volcengine/credentials"
	"github.com/volcengine/volcengine-go-sdk/volcengine/session"
	"github.com/volcengine/volcengine-go-sdk/volcengine/universal"
	"github.com/volcengine/volcengine-go-sdk/volcengine/volcengineerr"
)

const (
	pollSeconds  = 1
	tokenSeconds = 120 // the time that the person has
)

func main() {
	// The SDK signs its requests, so the API key goes where the access key id belongs; any secret does.
	config := volcengine.NewConfig().
		WithCredentials(credentials.NewStaticCredentials(os.Getenv("SEEDGATE_API_KEY"), "unused", "")).
		WithRegion("cn-beijing").
		WithEndpoint(os.Getenv("SEEDGATE_URL") + "/api/v3/assets")
	sess, err := session.NewSession(config)
	if err != nil {
		log.Fatal(err)
	}
	if err := run(universal.New(sess)); err != nil {
		log.Fatal(err)
	}
}

func run(client *universal.Universal) error {
	opened, err := call(client, "CreateVisualValidateSession", map[string]any{
		"CallbackURL": "https://www.example.com/callback",
	})
	if err != nil {
		return err
	}
	// On the person's own device. It leads to CallbackURL when they are done, with resultCode=10000 if all went well.
	fmt.Println("open", opened["H5Link"])

	groupID, err := wait(client, opened["BytedToken"])
	if err != nil {
		return err
	}
	// Assets of this person go into this group.
	fmt.Println("verified", groupID)
	return nil
}

// wait returns the person's group once they have finished.
func wait(client *universal.Universal, token any) (any, error) {
	giveUpAt := time.Now().Add(tokenSeconds * time.Second)
	for {
		verified, err := call(client, "GetVisualValidateResult", map[string]any{"BytedToken": token})
		if err == nil {
			return verified["GroupId"], nil
		}
		// Not found means that the person has not finished.
		var failure volcengineerr.RequestFailure
		isOpen := errors.As(err, &failure) && failure.StatusCode() == http.StatusNotFound
		if !isOpen || time.Now().After(giveUpAt) {
			return nil, err
		}
		time.Sleep(pollSeconds * time.Second)
	}
}

// call calls an action of the Assets API.
func call(client *universal.Universal, action string, body map[string]any) (map[string]any, error) {
	answer, err := client.DoCall(
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
	return *answer, nil
}
