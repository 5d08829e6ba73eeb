// The unmodified module github.com/ovh/go-ovh: does the steps that it is given, and prints one JSON line a step.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/ovh/go-ovh/ovh"
)

type settings struct {
	Host, AppKey, AppSecret, ConsumerKey string
	Port                                 int
	Steps                                [][]any
}

func say(line map[string]any) {
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func main() {
	var given settings
	if err := json.Unmarshal([]byte(os.Getenv("CLIENT_TEST")), &given); err != nil {
		panic(err)
	}
	client, err := ovh.NewClient(fmt.Sprintf("https://%s:%d/1.0", given.Host, given.Port), given.AppKey, given.AppSecret, given.ConsumerKey)
	if err != nil {
		panic(err)
	}
	for _, step := range given.Steps {
		method, path := step[0].(string), step[1].(string)
		var body any
		if len(step) > 2 {
			body = step[2]
		}
		if parameters, isMap := body.(map[string]any); method == "GET" && isMap {
			query := url.Values{}
			for name, value := range parameters {
				query.Set(name, fmt.Sprint(value))
			}
			path, body = path+"?"+query.Encode(), nil
		}
		var answer any
		if err := client.CallAPI(method, path, body, &answer, path != "/auth/time"); err != nil {
			var told *ovh.APIError
			if !errors.As(err, &told) {
				panic(err)
			}
			say(map[string]any{"status": told.Code, "message": told.Message, "queryId": told.QueryID})
			continue
		}
		say(map[string]any{"answer": answer})
	}
}
