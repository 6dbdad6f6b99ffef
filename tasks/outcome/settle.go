package outcome

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

var settleScript = countingScript("settle.lua")

// maxStatedBy is how long the name of who makes a statement may be, in bytes. What is
// stated may be as long as a gateway's message, [maxMessage].
const maxStatedBy = 100

// Statement is what a person found out about a dead letter, where PortOne's API does not
// tell: in its console, or at the gateway.
type Statement struct {
	// Revoked tells that the receipt is revoked, and otherwise that it is not.
	Revoked bool
	// By is who found it out, in up to 100 bytes.
	By string
	// Text is how that is known, in one line of up to 500 bytes.
	Text string
}

// Validate returns why a statement cannot be recorded, nil if it can.
func (s Statement) Validate() error {
	for _, part := range []struct {
		name, text string
		most       int
	}{{"who states it", s.By, maxStatedBy}, {"the statement", s.Text, maxMessage}} {
		switch {
		case strings.TrimSpace(part.text) == "":
			return fmt.Errorf("%s is missing", part.name)
		case len(part.text) > part.most:
			return fmt.Errorf("%s has %d bytes, at most %d are kept", part.name, len(part.text), part.most)
		case !utf8.ValidString(part.text) || strings.ContainsFunc(part.text, unicode.IsControl):
			return fmt.Errorf("%s %q is not one line of text", part.name, part.text)
		}
	}
	return nil
}

// Settle records what a person found out about a dead letter, in one atomic step with its
// stream entry, the list of dead letters and what its batches count. It becomes revoked,
// with [ReasonStatedRevoked], or stays dead, with [ReasonStatedNotRevoked], so that it can
// be revived. The last answer stays. The same statement again changes nothing.
//
// The error is a [*NotDeadError], matches [ErrWithdrawn], or [ErrReissued] if it is stated
// not to be revoked, or says what is wrong with the statement.
func (s *Store) Settle(ctx context.Context, impUID string, of Statement) error {
	if err := of.Validate(); err != nil {
		return err
	}
	status, reason := Dead, ReasonStatedNotRevoked
	if of.Revoked {
		status, reason = Revoked, ReasonStatedRevoked
	}
	args := []any{impUID, string(status), string(reason), of.By, of.Text, s.config.StreamLength}
	for _, name := range Fields() {
		args = append(args, name)
	}
	reply, err := s.run(ctx, settleScript, s.outcomeKey(impUID), args...).Text()
	switch {
	case err != nil:
		return fmt.Errorf("settle %s: %w", impUID, err)
	case reply != "settled":
		return leftAlone(impUID, reply)
	}
	return nil
}
