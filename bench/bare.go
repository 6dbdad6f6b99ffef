package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/worker"
)

// serveBare runs one Asynq server for the queues of one gateway, with what the
// worker gives to its own, and the bare handler. That server keeps no outcomes,
// so that it does nothing that Asynq and net/http do not do for everybody.
func serveBare(ctx context.Context, j job, client redis.UniversalClient) error {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns = j.Slots
	transport.MaxIdleConnsPerHost = j.Slots
	server := asynq.NewServerFromRedisClient(client, asynq.Config{
		Concurrency: j.Slots,
		Queues: map[string]int{
			tasks.Queue{PG: gateway}.Name():             9,
			tasks.Queue{PG: gateway, Bulk: true}.Name(): 1,
		},
		TaskCheckInterval:        worker.DefaultPoll,
		DelayedTaskCheckInterval: 500 * time.Millisecond,
		LogLevel:                 asynq.WarnLevel,
	})
	handler := &bare{url: j.URL, token: j.Token, client: &http.Client{Transport: transport}}
	if err := server.Start(handler); err != nil {
		return err
	}
	<-ctx.Done()
	server.Shutdown()
	return nil
}

// bare is the least that can be called a handler of revocations.
type bare struct {
	url, token string
	client     *http.Client
}

// ProcessTask makes the call that the worker would make, within the time that
// the task itself allows, and succeeds if PortOne says so.
func (b *bare) ProcessTask(ctx context.Context, task *asynq.Task) error {
	var revocation tasks.Revocation
	if err := json.Unmarshal(task.Payload(), &revocation); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodDelete, b.url+"/receipts/"+revocation.ImpUID, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+b.token)
	response, err := b.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var answer struct {
		Code     *int            `json:"code"`
		Message  *string         `json:"message"`
		Response json.RawMessage `json:"response"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || answer.Code == nil || *answer.Code != 0 {
		return fmt.Errorf("HTTP %d: %s", response.StatusCode, body)
	}
	return nil
}
