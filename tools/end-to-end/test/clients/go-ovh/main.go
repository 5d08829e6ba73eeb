// The unmodified module github.com/ovh/go-ovh: each step of OVH_STEPS by its documented call, one JSON line each.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/ovh/go-ovh/ovh"
)

type keys struct {
	Host        string `json:"host"`
	Port        int    `json:"port"`
	AppKey      string `json:"appKey"`
	AppSecret   string `json:"appSecret"`
	ConsumerKey string `json:"consumerKey"`
}

type step struct {
	Method string         `json:"method"`
	Path   string         `json:"path"`
	Body   map[string]any `json:"body"`
}

type line struct {
	Call    string `json:"call"`
	Answer  any    `json:"answer"`
	Error   any    `json:"error,omitempty"`
	Message string `json:"message,omitempty"`
	QueryID string `json:"queryId,omitempty"`
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func call(client *ovh.Client, s step) line {
	path := strings.ReplaceAll(s.Path, "/:", "/")
	told := line{Call: s.Method + " " + s.Path}
	var err error
	switch s.Method {
	case "GET":
		if len(s.Body) > 0 {
			query := url.Values{}
			for name, value := range s.Body {
				query.Set(name, fmt.Sprint(value))
			}
			path += "?" + query.Encode()
		}
		err = client.Get(path, &told.Answer)
	case "POST":
		err = client.Post(path, s.Body, &told.Answer)
	case "PUT":
		err = client.Put(path, s.Body, &told.Answer)
	case "DELETE":
		err = client.Delete(path, &told.Answer)
	}
	var refused *ovh.APIError
	if errors.As(err, &refused) {
		told.Error, told.Message, told.QueryID = refused.Code, refused.Message, refused.QueryID
	} else if err != nil {
		fail(err)
	}
	return told
}

func main() {
	var k keys
	if err := json.Unmarshal([]byte(os.Getenv("OVH_TEST")), &k); err != nil {
		fail(err)
	}
	var steps []step
	if err := json.Unmarshal([]byte(os.Getenv("OVH_STEPS")), &steps); err != nil {
		fail(err)
	}
	client, err := ovh.NewClient(fmt.Sprintf("https://%s:%d/1.0", k.Host, k.Port), k.AppKey, k.AppSecret, k.ConsumerKey)
	if err != nil {
		fail(err)
	}
	out := json.NewEncoder(os.Stdout)
	for _, s := range steps {
		if err := out.Encode(call(client, s)); err != nil {
			fail(err)
		}
	}
	request := client.NewCkRequest()
	request.AddRecursiveRules(ovh.ReadWrite, "/sms")
	asked, err := request.Do()
	if err != nil {
		fail(err)
	}
	page, _, _ := strings.Cut(asked.ValidationURL, "?")
	answer := map[string]any{"state": asked.State, "page": page}
	if err := out.Encode(line{Call: "consumer key", Answer: answer}); err != nil {
		fail(err)
	}
}
