package main

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rogpeppe/go-internal/testscript"
)

// blocked waits until a follower has shown all there is, and waits for more.
func blocked(ts *testscript.TestScript, _ bool, _ []string) {
	options, err := redis.ParseURL(ts.Getenv("REDIS_URL"))
	ts.Check(err)
	client := redis.NewClient(options)
	defer client.Close()
	waits := regexp.MustCompile(fmt.Sprintf(`flags=\w*b\w* db=%d .*cmd=xread `, options.DB))
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		clients, err := client.ClientList(context.Background()).Result()
		ts.Check(err)
		if waits.MatchString(clients) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no client waits for the stream:\n%s", clients)
		}
	}
}
