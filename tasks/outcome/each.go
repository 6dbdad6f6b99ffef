package outcome

import (
	"context"
	"fmt"
	"iter"

	"receiptrevoker/tasks/redisfault"
)

// CorruptError says that what is kept about an imp_uid is no outcome. Err says
// why, by name; it matches [ErrNotFound] if nothing is kept at all.
type CorruptError struct {
	ImpUID string
	Err    error
}

func (e *CorruptError) Error() string { return e.Err.Error() }
func (e *CorruptError) Unwrap() error { return e.Err }

// Each yields the outcome of every imp_uid, in their order and in one round
// trip. Unlike [Store.Many] it passes over what it cannot read: in its place
// comes a [*CorruptError], with as much of the outcome as there is. Any other
// error is Redis' own and ends it.
func (s *Store) Each(ctx context.Context, impUIDs []string) iter.Seq2[Outcome, error] {
	return func(yield func(Outcome, error) bool) {
		found, _ := s.kept(ctx, impUIDs) // each reply has its own error
		for i, kept := range found {
			values, err := kept.values(impUIDs[i])
			if err != nil && !redisfault.Corrupt(err) {
				yield(Outcome{}, fmt.Errorf("read %d outcomes: %w", len(impUIDs), err))
				return
			}
			if !yield(tolerate(impUIDs[i], values, err)) {
				return
			}
		}
	}
}

// tolerate decodes what is kept of one imp_uid.
func tolerate(impUID string, values map[string]string, err error) (Outcome, error) {
	switch {
	case err != nil:
		err = fmt.Errorf("outcome of %q: %w", impUID, err)
	case len(values) == 0:
		err = fmt.Errorf("%s has %w", impUID, ErrNotFound)
	default:
		err = complete(impUID, values)
	}
	if values == nil {
		values = make(map[string]string)
	}
	values["imp_uid"] = impUID
	o, unreadable := decode(values)
	if err == nil {
		err = unreadable
	}
	if err != nil {
		return o, &CorruptError{ImpUID: impUID, Err: err}
	}
	return o, nil
}

// complete returns an error that names a field which every outcome has, and
// this one has not.
func complete(impUID string, values map[string]string) error {
	if Status(values["status"]) == Queued {
		return nil
	}
	always := []string{"imp_uid", "status", "attempts", "updated_at"}
	if values["attempts"] != "0" {
		always = append(always, "first_attempt_at")
	}
	if Status(values["status"]).Terminal() {
		always = append(always, "reason")
	}
	for _, name := range always {
		if values[name] == "" {
			return fmt.Errorf("outcome of %q: field %s is missing", impUID, name)
		}
	}
	return nil
}
