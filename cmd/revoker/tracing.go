package main

import (
	"context"

	"receiptrevoker/cmd/internal/traces"
)

// tracing returns the tracers that the environment asks for, which the caller
// stops. What cannot be sent is reported.
func (p *program) tracing(ctx context.Context) (*traces.Tracers, error) {
	tracers, err := traces.Start(ctx, p.getenv, func(err error) {
		p.say("revoker: spans not sent: %v", err)
	})
	if err != nil {
		return nil, usageError{err}
	}
	return tracers, nil
}
