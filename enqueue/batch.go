package enqueue

import (
	"context"
	"fmt"

	"golang.org/x/text/unicode/norm"

	"receiptrevoker/tasks/outcome"
)

// BatchOptions are how a list is taken into a batch.
type BatchOptions struct {
	// Source says where the list is, for people.
	Source string
}

// Batch is a list that is asked for as a whole: it is known how far it has
// come, see [outcome.Batch], and asking again continues where it stopped.
type Batch struct {
	name    string
	client  *Client
	by      *route
	options BatchOptions
}

// Batch returns the batch of that name, which need not exist yet. The name is taken in
// Unicode's form NFC, as macOS does not write it. The error says what a batch may be called.
func (c *Client) Batch(name string, options BatchOptions) (*Batch, error) {
	name = norm.NFC.String(name)
	if err := outcome.ValidateBatchName(name); err != nil {
		return nil, err
	}
	return &Batch{name: name, client: c, by: c.many(), options: options}, nil
}

// Status returns how far the batch has come, or an error that matches
// [outcome.ErrNoBatch].
func (b *Batch) Status(ctx context.Context) (outcome.Batch, error) {
	return b.client.outcomes.Batch(ctx, b.name)
}

// MismatchError says that a list is not the one that a batch was made of. It matches
// [outcome.ErrOtherList].
type MismatchError struct {
	Batch string
	// Line is the first line that is another, and Text what stands there: an
	// imp_uid and, if it has one, its gateway. Line is 0 where the list ends too early.
	Line int
	Text string
	// Lines is how many the batch's list has, where the one given is longer or
	// shorter.
	Lines int
}

func (e *MismatchError) Unwrap() error { return outcome.ErrOtherList }

func (e *MismatchError) Error() string {
	difference := fmt.Sprintf("line %d is now %.80s", e.Line, e.Text)
	switch {
	case e.Lines > 0 && e.Line > 0:
		difference = fmt.Sprintf("line %d is beyond the %d lines the batch was made of", e.Line, e.Lines)
	case e.Lines > 0:
		difference = fmt.Sprintf("it ends before the %d lines the batch was made of", e.Lines)
	}
	return fmt.Sprintf("the batch %s was made of another list: %s", e.Batch, difference)
}
