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

// portone examines the credentials and the way to PortOne, by asking for a token, which
// concerns no receipt. Where none are given, the finding is unknown and has advice all the
// same: on a machine with workers it is a mistake.
func (d *doctor) portone(ctx context.Context) {
	switch {
	case d.API != nil:
		d.authenticate(ctx)
	// Nothing is sent: even the token that doctor asks for costs the key and the secret.
	case d.Insecure:
		d.tell(failure("portone-tls", "workers do not start: the URL of PortOne begins with http://, and key and secret "+
			"would cross the network without encryption", encrypt))
	case d.NoAPI == nil:
		none := unknown("credentials", "none are given, and PortOne is not asked")
		none.Mend = "where workers run, run doctor with IMP_KEY and IMP_SECRET, or IMP_KEY_FILE and IMP_SECRET_FILE"
		d.tell(none)
	default:
		d.tell(failure("credentials", d.NoAPI.Error(), "mend the setting"))
	}
}

// account compares the credentials with those of the namespace's workers, by the
// fingerprint that these left in Redis. It does not call PortOne, and records nothing. A
// worker with another account would find none of the receipts.
func (d *doctor) account(ctx context.Context) {
	if d.API == nil {
		return
	}
	standing, err := account.NewStore(d.Redis, d.Outcomes.Namespace()).Compare(ctx, d.API)
	switch {
	// Former comes before err: the former account is accepted for a day, and compared
	// without an error.
	case standing.Former():
		d.tell(warning("account", "this account is the former one of the namespace, and good until "+
			moment(standing.Until),
			"where it shall stay, start one worker with it and --accept-account; "+
				"else change the key of the workers that have it"))
	// A namespace without an account is right, too: its first worker that PortOne accepts
	// makes one.
	case err == nil:
		d.tell(ok("account", "no worker of the namespace calls PortOne with another account"))
	case errors.Is(err, account.ErrOther):
		d.tell(failure("account", err.Error(), "give this account a --namespace of its own; "+
			"where the key was changed, start one worker with --accept-account"))
	default:
		d.tell(unknown("account", refusal("reading the namespace's account", err)))
	}
}

// authenticate tells two things apart: whether PortOne answers, and whether it accepts the
// credentials. A refusal proves that it answers.
func (d *doctor) authenticate(ctx context.Context) {
	// A warning alone: the call is made all the same, as workers make it. Without --insecure-portone
	// there is no API, see [Config.Insecure].
	if d.API.Exposed() {
		d.tell(warning("portone-tls", "key and secret are sent without encryption, as --insecure-portone allows: "+
			"anyone on the network path can read them", encrypt))
	}
	begun := time.Now()
	err := d.API.Authenticate(ctx)
	answered := ok("portone", fmt.Sprintf("PortOne answered in %v", time.Since(begun).Round(time.Millisecond)))
	var refusal *iamport.Error
	switch {
	case err == nil:
		d.tell(answered, ok("credentials", "PortOne accepts the key and the secret"))
	// A status of 0 is that of a call without an answer.
	case errors.As(err, &refusal) && refusal.Status != 0:
		d.tell(answered, d.refused(refusal))
	default:
		found, mend := unreachable(err)
		d.tell(failure("portone", found, mend), unknown("credentials", "not asked: PortOne is not reached"))
	}
}

// encrypt is the advice where key and secret would be sent, or are, without encryption.
const encrypt = "begin IAMPORT_URL or --iamport-url with https://; a simulated PortOne alone may have " +
	"REVOKER_INSECURE_PORTONE=true"

// refused says what PortOne has against the credentials. It refuses a wrong key and a wrong
// secret with the same status; its message may tell, and so may the doubts of
// [Config.Doubts].
func (d *doctor) refused(answer *iamport.Error) Finding {
	found := answer.Error()
	if len(d.Doubts) > 0 {
		found += "; " + strings.Join(d.Doubts, "; ")
	}
	switch reason := revoke.Reason(answer); {
	// 403 is told by its status and not by its reason, which a 401 shares: it is mostly
	// about the address of this machine.
	case answer.Status == http.StatusForbidden:
		return failure("credentials", "PortOne, or something before it, forbids the call: "+found,
			"ask PortOne whether this machine's address is allowed")
	case reason == outcome.ReasonUnauthorized:
		return failure("credentials", "PortOne refuses the key or the secret: "+found,
			"set IMP_KEY and IMP_SECRET (or their files) to the REST API key and secret of PortOne's console")
	case reason == outcome.ReasonRateLimited, answer.Status >= http.StatusInternalServerError:
		return warning("credentials", "PortOne cannot answer now: "+found, "run doctor again later")
	}
	// What is left has no envelope of PortOne's: a web page, a proxy's 404.
	return failure("credentials", "this is not PortOne's answer: "+found, "mend IAMPORT_URL or --iamport-url")
}

// unreachable says on which part of the way a call ended: name service, TLS, connection, or
// after it. The order matters: a name that is not known is an error of dialling, too.
func unreachable(err error) (found, mend string) {
	var name *net.DNSError
	var dial *net.OpError
	switch {
	case errors.As(err, &name):
		return "PortOne's name is not known here: " + err.Error(), "mend this machine's DNS, or IAMPORT_URL"
	// crypto/tls and crypto/x509 have many types of errors; these words are in all of them.
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

// egress is the advice where PortOne cannot be reached at all. static-api.iamport.kr is
// PortOne's own name for the same API behind two fixed addresses, which the runbook lists.
const egress = "allow connections from this machine to PortOne; where only fixed addresses may be opened, " +
	"set IAMPORT_URL=https://static-api.iamport.kr"
