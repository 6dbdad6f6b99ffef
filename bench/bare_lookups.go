package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
)

// bareWithLookups is the bare handler with the lookups of the worker.
type bareWithLookups struct {
	bare
	attempts int // after which it gives up; 0 for as many as the task has
}

// ProcessTask looks the receipt up from the second attempt on, makes the call,
// and looks the receipt up again if the gateway says that it failed.
func (b *bareWithLookups) ProcessTask(ctx context.Context, task *asynq.Task) error {
	var revocation tasks.Revocation
	if err := json.Unmarshal(task.Payload(), &revocation); err != nil {
		return err
	}
	retried, _ := asynq.GetRetryCount(ctx)
	if retried > 0 && b.revoked(ctx, revocation.ImpUID) {
		return nil
	}
	_, err := b.call(ctx, http.MethodDelete, revocation.ImpUID)
	var refused *statusError
	if errors.As(err, &refused) && refused.status == http.StatusInternalServerError && b.revoked(ctx, revocation.ImpUID) {
		return nil
	}
	if err != nil && retried+1 == b.attempts {
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	return err
}

// revoked reports whether a lookup says that a receipt is revoked.
func (b *bareWithLookups) revoked(ctx context.Context, impUID string) bool {
	response, err := b.call(ctx, http.MethodGet, impUID)
	if err != nil {
		return false
	}
	var receipt struct {
		CancelledAt int64 `json:"cancelled_at"`
	}
	return json.Unmarshal(response, &receipt) == nil && receipt.CancelledAt > 0
}
