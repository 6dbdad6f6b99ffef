package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/account"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/revoke"
)

// portone asks for a token.
func (d *doctor) portone(ctx context.Context) {
	switch {
	case d.API != nil:
		d.authenticate(ctx)
	case d.NoAPI == nil:
		none := unknown("credentials", "none are given, and PortOne is not asked")
		none.Mend = "where workers run, run doctor with IMP_KEY and IMP_SECRET, or IMP_KEY_FILE and IMP_SECRET_FILE"
		d.tell(none)
	default:
		d.tell(failure("credentials", d.NoAPI.Error(), "mend the setting"))
	}
}

// account compares the credentials with those of the namespace's workers.
func (d *doctor) account(ctx context.Context) {
	if d.API == nil {
		return
	}
	standing, err := account.NewStore(d.Redis, d.Outcomes.Namespace()).Compare(ctx, d.API)
	switch {
	case standing.Former():
		d.tell(warning("account", "this account is the former one of the namespace, and good until "+
			moment(standing.Until),
			"where it shall stay, start one worker with it and --accept-account; "+
				"else change the key of the workers that have it"))
	case err == nil:
		d.tell(ok("account", "no worker of the namespace calls PortOne with another account"))
	case errors.Is(err, account.ErrOther):
		d.tell(failure("account", err.Error(), "give this account a --namespace of its own; "+
			"where the key was changed, start one worker with --accept-account"))
	default:
		d.tell(unknown("account", refusal("reading the namespace's account", err)))
	}
}

func (d *doctor) authenticate(ctx context.Context) {
	if d.API.Exposed() {
		d.tell(warning("portone-tls", "key and secret are sent without encryption: anyone on the network path can read them",
			"begin IAMPORT_URL or --iamport-url with https://"))
	}
	begun := time.Now()
	err := d.API.Authenticate(ctx)
	answered := ok("portone", fmt.Sprintf("PortOne answered in %v", time.Since(begun).Round(time.Millisecond)))
	var refusal *iamport.Error
	switch {
	case err == nil:
		d.tell(answered, ok("credentials", "PortOne accepts the key and the secret"))
	case errors.As(err, &refusal) && refusal.Status != 0:
		d.tell(answered, d.refused(refusal))
	default:
		found, mend := unreachable(err)
		d.tell(failure("portone", found, mend), unknown("credentials", "not asked: PortOne is not reached"))
	}
}

// refused says what PortOne has against the credentials. It refuses a wrong key
// and a wrong secret with the same status; its message may tell.
func (d *doctor) refused(answer *iamport.Error) Finding {
	found := answer.Error()
	if len(d.Doubts) > 0 {
		found += "; " + strings.Join(d.Doubts, "; ")
	}
	switch reason := revoke.Reason(answer); {
	case answer.Status == http.StatusForbidden:
		return failure("credentials", "PortOne, or something before it, forbids the call: "+found,
			"ask PortOne whether this machine's address is allowed")
	case reason == outcome.ReasonUnauthorized:
		return failure("credentials", "PortOne refuses the key or the secret: "+found,
			"set IMP_KEY and IMP_SECRET (or their files) to the REST API key and secret of PortOne's console")
	case reason == outcome.ReasonRateLimited, answer.Status >= http.StatusInternalServerError:
		return warning("credentials", "PortOne cannot answer now: "+found, "run doctor again later")
	}
	return failure("credentials", "this is not PortOne's answer: "+found, "mend IAMPORT_URL or --iamport-url")
}

// unreachable says on which part of the way a call ended.
func unreachable(err error) (found, mend string) {
	var name *net.DNSError
	var dial *net.OpError
	switch {
	case errors.As(err, &name):
		return "PortOne's name is not known here: " + err.Error(), "mend this machine's DNS, or IAMPORT_URL"
	case strings.Contains(err.Error(), "x509:"), strings.Contains(err.Error(), "tls:"):
		return "PortOne's certificate is not trusted: " + err.Error(),
			"install the system's CA certificates, or mend the proxy in between"
	case errors.Is(err, context.DeadlineExceeded):
		return "PortOne does not answer in time: " + err.Error(), egress
	case errors.As(err, &dial) && dial.Op == "dial":
		return "PortOne cannot be reached: " + err.Error(), egress
	}
	return "PortOne's answer did not arrive: " + err.Error(), egress
}

// egress is the advice where PortOne cannot be reached at all.
const egress = "allow connections from this machine to PortOne; where only fixed addresses may be opened, " +
	"set IAMPORT_URL=https://static-api.iamport.kr"
