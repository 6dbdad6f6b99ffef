package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// enqueueSettings say which receipts are requested, and whether the command waits for their
// outcomes.
//
// pg is as the person typed it. A gateway that is not known is no error: [program.warnOfGateways]
// names it, and its receipts go to the common queue. applyNum is the tax office's number of the
// receipt that is meant, empty for whichever receipt the payment has. tier is the code of the
// sub-merchant, empty for the --tier of the workers.
type enqueueSettings struct {
	pg       string
	applyNum string
	tier     string
	again    bool
	wait     bool
}

// enqueue returns the command that requests single receipts. They belong to no batch, so that they
// wait on a queue of their own and not behind the lines of a list.
//
// notEmpty refuses --apply-num and --tier without a value: a script whose variable is empty would
// request whichever receipt the payment has.
func (p *program) enqueue() *cobra.Command {
	var s enqueueSettings
	cmd := &cobra.Command{
		Use:   "enqueue IMP_UID...",
		Short: "Ask for single receipts to be revoked",
		Long: `Enqueue asks for the receipts of single payments to be revoked. Asking twice is
asking once: an imp_uid that was asked for before is shown with what it has come
to. A request is recorded before its task is enqueued: what is shown as queued
is carried out, also if its task is lost. It warns of an imp_uid that does not
begin with imp_ or imps_, and asks for it all the same.

A payment has another receipt after each partial refund, under the same imp_uid.
--apply-num names the one that is meant: it is looked up first, and no other is
revoked. --again asks for the receipt that exists now, after an earlier one was
revoked or given up. While a request is open, another number or another --tier
is refused, with exit code 3, and --again changes nothing. --apply-num and
--again are refused as well while a worker runs that is older than they are and
would revoke whichever receipt there is.

With --wait all are requested first, and each is shown as it ends. What it waits
for is told after three seconds: how many workers are running, and which gate or
person holds a receipt. Ctrl-C ends the waiting, not the requests, with exit
code 3. An outage of Redis is waited for as well. What Redis has lost is named:
it is to be asked for again, and the exit code is 1.`,
		Example: `  revoker enqueue imp_448280090638 --pg kcp --wait
  revoker enqueue imp_448280090638 --pg kcp --again --wait`,
		Args:    arguments(1, -1, "an IMP_UID"),
		PreRunE: notEmpty("apply-num", "tier"),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.runEnqueue(cmd.Context(), s, args) },
	}
	p.redis.Flags(cmd.Flags())
	p.retention.Flags(cmd.Flags())
	cmd.Flags().StringVar(&s.pg, "pg", "", "payment gateway: a `code` such as kcp, or its Korean name")
	cmd.Flags().StringVar(&s.applyNum, "apply-num", "", "`number` of the receipt that is meant, of a single IMP_UID")
	cmd.Flags().StringVar(&s.tier, "tier", "",
		"`code` of the sub-merchant (하위상점) whose payment it is (default the workers' own)")
	cmd.Flags().BoolVar(&s.again, "again", false, "revoke the receipt that exists now, whatever became of an earlier one")
	cmd.Flags().BoolVar(&s.wait, "wait", false, "wait until each is revoked or given up, and show its outcome")
	cmd.Flags().BoolVar(&p.json, "json", false, "print one JSON object a line")
	return cmd
}

// runEnqueue requests all receipts before it waits for any. Otherwise an error or a Ctrl-C during
// the first wait would leave the others without a request, and no message would say so. One that
// is refused for itself does not stop the others; the exit code is then 3.
func (p *program) runEnqueue(ctx context.Context, s enqueueSettings, impUIDs []string) error {
	if s.applyNum != "" && len(impUIDs) > 1 {
		return usageError{errors.New("--apply-num names one receipt: give one IMP_UID")}
	}
	// This also tries the rights of the user in Redis, so that a missing one is named before anything
	// is requested.
	if err := p.connectToRequest(ctx); err != nil {
		return err
	}
	if err := p.trace(ctx); err != nil {
		return err
	}
	queue := p.requests()
	out, unfinished := p.printer(), false
	wait := newAwaiting(p.stderr, p.client, queue, p.redis.Namespace)
	wait.flags = p.redisFlags
	pg, _ := tasks.ParseGateway(s.pg)

	var asked []outcome.Outcome // requested and to be waited for; empty without --wait
	show := func(o outcome.Outcome) error {
		unfinished = unfinished || o.Status == outcome.Dead
		return out.outcome(o)
	}
	for i, impUID := range impUIDs {
		r := tasks.Revocation{ImpUID: impUID, PG: pg, ApplyNum: s.applyNum, Again: s.again, Tier: s.tier}
		o, err := p.request(ctx, queue, r)
		switch {
		case unacceptable(err):
			// The next imp_uid may be accepted: the fault is in this request.
			p.say("revoker: %v", err)
			unfinished = true
			continue
		case err != nil:
			// Redis failed, so that it is not known whether it recorded this request. Repeating
			// the command from here on requests nothing twice.
			wait.sayUnasked(asked, impUIDs[i:])
			return err
		case s.wait:
			asked = append(asked, o)
			continue
		}
		if err := show(o); err != nil {
			return err
		}
	}
	// Without --wait there is nothing to wait for, and each returns at once.
	if err := wait.each(ctx, asked, show); err != nil || !unfinished {
		return err
	}
	return errUnfinished
}

// unacceptable reports whether an error is about one request, so that others may be accepted: its
// imp_uid, number or tier is not valid, another receipt of the payment is being revoked, or a
// worker runs that is too old for --apply-num and --again. Any other error is Redis' and ends the
// command.
func unacceptable(err error) bool {
	return errors.Is(err, tasks.ErrInvalid) || errors.Is(err, enqueue.ErrOtherReceipt) ||
		errors.Is(err, enqueue.ErrOlderWorker)
}

// request requests one receipt and returns how far its revocation has come. If the imp_uid was
// requested before, the earlier request stands, and its outcome is what is returned.
func (p *program) request(ctx context.Context, queue *enqueue.Client, r tasks.Revocation) (outcome.Outcome, error) {
	result, err := queue.Revoke(ctx, r)
	// bulk warns of the same in a list. The request stands; 'revoker cancel' withdraws it if the
	// imp_uid was mistyped.
	if err == nil && !impuid.OfPortOne(r.ImpUID) {
		p.say("revoker: %s does not begin with imp_ or imps_, as the imp_uids of PortOne do", r.ImpUID)
	}
	if err != nil || !result.Duplicate {
		return outcome.Outcome{ImpUID: r.ImpUID, PG: r.PG, Status: result.Status}, err
	}
	p.say("revoker: %s was asked for before", r.ImpUID)
	// --again is for the receipt that was issued after an earlier request had ended. It changes no
	// request that is open.
	if r.Again && !result.Status.Terminal() {
		p.say("revoker: it has not ended: --again changed nothing, give it once it has")
	}
	// After a partial refund the payment has another receipt under the same imp_uid. The number
	// tells a person whether the one that is meant was revoked.
	if result.Status == outcome.Revoked && result.ApplyNum != "" {
		p.say("revoker: receipt %s was revoked; --again asks for the one that exists now", result.ApplyNum)
	}
	known, err := queue.Outcome(ctx, r.ImpUID)
	if errors.Is(err, outcome.ErrNotFound) {
		// Its life ended between the two readings, or Redis lost it: what Revoke said a moment
		// ago is all that is known.
		return outcome.Outcome{ImpUID: r.ImpUID, PG: r.PG, Status: result.Status}, nil
	}
	return known, err
}
