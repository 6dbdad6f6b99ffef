package contender

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

// bare is the least that can be called a handler of revocations.
type bare struct {
	url, token string
	client     *http.Client
	lookups    bool          // makes the worker's lookups, too
	attempts   int           // after which it gives up; 0 for as many as the task has
	outcomes   redis.Cmdable // where it writes what it did; nil for nowhere
}

// ProcessTask makes the call that the worker would make, within the time that the task itself allows,
// and succeeds if PortOne says so. With lookups it looks the receipt up from the second attempt on,
// since the DELETE before may have worked, and again if the gateway says that the call failed, since
// the receipt may have been revoked by hand.
func (b *bare) ProcessTask(ctx context.Context, task *asynq.Task) error {
	var revocation tasks.Revocation
	if err := json.Unmarshal(task.Payload(), &revocation); err != nil {
		return err
	}
	retried, _ := asynq.GetRetryCount(ctx)
	if b.lookups && retried > 0 && b.revoked(ctx, revocation.ImpUID) {
		return nil
	}
	_, err := b.call(ctx, http.MethodDelete, revocation.ImpUID)
	if err == nil && b.outcomes != nil {
		err = b.outcomes.HSet(ctx, "outcome:"+revocation.ImpUID, "status", "revoked", "http_status", "200",
			"updated_at", time.Now().Format(time.RFC3339)).Err()
	}
	var refused *statusError
	failed := errors.As(err, &refused) && refused.status == http.StatusInternalServerError
	switch {
	case failed && b.lookups && b.revoked(ctx, revocation.ImpUID):
		return nil
	case err != nil && retried+1 == b.attempts:
		// SkipRetry archives the task at once: the schedule's attempts count, and not the task's own
		// max_retry.
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	return err
}

// revoked reports whether a lookup says that a receipt is revoked. A lookup that fails counts as no,
// which is good enough for a rival: the worker would wait instead.
func (b *bare) revoked(ctx context.Context, impUID string) bool {
	response, err := b.call(ctx, http.MethodGet, impUID)
	if err != nil {
		return false
	}
	var receipt struct {
		CancelledAt int64 `json:"cancelled_at"`
	}
	return json.Unmarshal(response, &receipt) == nil && receipt.CancelledAt > 0
}

// statusError is an answer of PortOne that is no success.
type statusError struct {
	status int
	body   []byte
}

func (e *statusError) Error() string { return fmt.Sprintf("HTTP %d: %s", e.status, e.body) }

// call makes a call for a receipt and returns the response that PortOne's envelope holds. The error is
// a *statusError if PortOne refused, and one of net/http or encoding/json if it gave no answer of its
// own.
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
	// The envelope of PortOne's answers. Without a code in it, or with another one than 0, the call
	// has failed.
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
