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
