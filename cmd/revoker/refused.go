package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/tasks/rights"
)

// complain says what went wrong, and what to do about it where that is known.
func (p *program) complain(ctx context.Context, what string, err error) {
	err = p.refused(ctx, err)
	p.say("%s: %v", what, err)
	if advice := redisfault.Advice(err); advice != "" {
		p.say("→ %s", advice)
	}
}

// refused returns an error of a command with what Redis does not let its user do, or does not
// know, named in it, and any other error as it is. Redis names one command. It names none in a
// script, and no keys: then all is tried that the command's user in the runbook's list may do.
func (p *program) refused(ctx context.Context, err error) error {
	fault := redisfault.Of(err)
	if p.redis == nil || fault != redisfault.NoPerm && fault != redisfault.UnknownCommand {
		return err
	}
	client, failed := p.redis.Open()
	if failed != nil {
		return err
	}
	defer client.Close()
	missing := redisfault.Refused(err, rights.User(client))
	if missing == nil {
		errors.As(rights.Check(ctx, client, p.role, p.redis.Namespace), &missing)
	}
	if missing == nil {
		return err
	}
	missing.Role = p.role.User
	return fmt.Errorf("%w (%w)", missing, err)
}

// roleOf returns the role of the users that may run a command, by the runbook's table.
func roleOf(cmd *cobra.Command) rights.Role {
	_, name, _ := strings.Cut(cmd.CommandPath(), " ")
	switch group, _, _ := strings.Cut(name, " "); {
	case group == "cancel", group == "dead", group == "queue", name == "batch cancel", name == "monitor":
		return rights.Operator
	case name == "work":
		return rights.Worker
	}
	return rights.Producer
}
