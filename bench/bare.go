package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
)

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
	_, err := b.call(ctx, http.MethodDelete, revocation.ImpUID)
	return err
}

// statusError is an answer of PortOne that is no success.
type statusError struct {
	status int
	body   []byte
}

func (e *statusError) Error() string { return fmt.Sprintf("HTTP %d: %s", e.status, e.body) }

// call makes a call for a receipt and returns the response that PortOne's envelope
// holds. The error is a *statusError if PortOne refused.
func (b *bare) call(ctx context.Context, method, impUID string) (json.RawMessage, error) {
	request, err := http.NewRequestWithContext(ctx, method, b.url+"/receipts/"+impUID, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+b.token)
	response, err := b.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Code     *int            `json:"code"`
		Message  *string         `json:"message"`
		Response json.RawMessage `json:"response"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK || answer.Code == nil || *answer.Code != 0 {
		return nil, &statusError{response.StatusCode, body}
	}
	return answer.Response, nil
}
