// Makes a video with Go's net/http as it comes.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const pollTime = 500 * time.Millisecond

var tasks = os.Getenv("SEEDGATE_URL") + "/api/v3/contents/generations/tasks"

type task struct {
	ID      string
	Status  string
	Content struct {
		VideoURL string `json:"video_url"`
	}
	Items []struct{ ID string }
}

func ask(method, url string, body any) task {
	var text bytes.Buffer
	if body != nil {
		must(json.NewEncoder(&text).Encode(body))
	}
	request, err := http.NewRequest(method, url, &text)
	must(err)
	request.Header.Set("Authorization", "Bearer "+os.Getenv("SEEDGATE_API_KEY"))
	request.Header.Set("Content-Type", "application/json")
	var found task
	must(json.Unmarshal(send(request), &found))
	return found
}

func send(request *http.Request) []byte {
	answer, err := http.DefaultClient.Do(request)
	must(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(err)
	if answer.StatusCode != http.StatusOK {
		log.Fatal(answer.Status, string(text))
	}
	return text
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	content := []map[string]string{{"type": "text", "text": os.Getenv("PROMPT")}}
	id := ask("POST", tasks, map[string]any{"model": "doubao-seedance-2", "content": content, "duration": 5}).ID
	fmt.Println("created", id)

	found := ask("GET", tasks+"/"+id, nil)
	for ; found.Status == "queued" || found.Status == "running"; found = ask("GET", tasks+"/"+id, nil) {
		fmt.Println("status", found.Status)
		time.Sleep(pollTime)
	}
	fmt.Println("status", found.Status)

	link, err := http.NewRequest("GET", found.Content.VideoURL, nil)
	must(err)
	must(os.WriteFile("clip.mp4", send(link), 0o600))
	fmt.Println("saved clip.mp4")

	wanted := url.Values{"filter.task_ids": {id, os.Getenv("EARLIER_TASK")}}
	var listed []string
	for _, each := range ask("GET", tasks+"?"+wanted.Encode(), nil).Items {
		listed = append(listed, each.ID)
	}
	fmt.Println("listed", strings.Join(listed, " "))

	ask("DELETE", tasks+"/"+id, nil)
	fmt.Println("deleted", id)
}
