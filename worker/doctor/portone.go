package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"receiptrevoker/worker/iamport"
)

// portone asks for a token.
func (d *doctor) portone(ctx context.Context) {
	switch {
	case d.API != nil:
	case d.NoAPI == nil:
		d.tell(Finding{"credentials", "", Unknown, "none are given, and PortOne is not asked", "where workers run, examine with IMP_KEY and IMP_SECRET, or the files of IMP_KEY_FILE and IMP_SECRET_FILE"})
		return
	default:
		d.tell(Finding{"credentials", "", Failure, d.NoAPI.Error(), "mend the setting"})
		return
	}
	begun := time.Now()
	err := d.API.Authenticate(ctx)
	took := time.Since(begun).Round(time.Millisecond)
	var failure *iamport.Error
	switch {
	case err == nil:
		d.tell(Finding{"portone", "", OK, fmt.Sprintf("PortOne answered in %v", took), ""},
			Finding{"credentials", "", OK, "PortOne accepts the key and the secret", ""})
	case errors.As(err, &failure) && failure.Status != 0:
		d.tell(Finding{"portone", "", OK, fmt.Sprintf("PortOne answered in %v", took), ""}, d.refused(failure))
	default:
		found, mend := unreachable(err)
		d.tell(Finding{"portone", "", Failure, found, mend}, Finding{"credentials", "", Unknown, "not asked: PortOne is not reached", ""})
	}
}

// refused says what PortOne has against the credentials. It refuses a wrong key
// and a wrong secret with the same status; its message may tell.
func (d *doctor) refused(failure *iamport.Error) Finding {
	found := failure.Error()
	if len(d.Doubts) > 0 {
		found += "; " + strings.Join(d.Doubts, "; ")
	}
	switch {
	case failure.Status == http.StatusUnauthorized:
		return Finding{
			"credentials", "", Failure, "PortOne refuses the key or the secret: " + found,
			"set IMP_KEY and IMP_SECRET (or their files) to the REST API key and REST API secret of PortOne's console",
		}
	case failure.Status == http.StatusForbidden:
		return Finding{
			"credentials", "", Failure, "PortOne, or something before it, forbids the call: " + found,
			"ask PortOne whether this machine's address is let in",
		}
	case failure.Status == http.StatusTooManyRequests, failure.Status >= http.StatusInternalServerError:
		return Finding{"credentials", "", Warning, "PortOne cannot answer now: " + found, "examine again later"}
	}
	return Finding{"credentials", "", Failure, "this is not PortOne's answer: " + found, "mend IAMPORT_URL or --iamport-url"}
}

// unreachable says on which part of the way a call ended.
func unreachable(err error) (found, mend string) {
	var name *net.DNSError
	var dial *net.OpError
	switch {
	case errors.As(err, &name):
		return "PortOne's name is not known here: " + err.Error(), "mend this machine's DNS, or IAMPORT_URL"
	case strings.Contains(err.Error(), "x509:"), strings.Contains(err.Error(), "tls:"):
		return "PortOne's certificate is not trusted: " + err.Error(), "install the system's CA certificates, or mend the proxy in between"
	case errors.Is(err, context.DeadlineExceeded):
		return "PortOne does not answer in time: " + err.Error(), egress
	case errors.As(err, &dial) && dial.Op == "dial":
		return "PortOne cannot be reached: " + err.Error(), egress
	}
	return "PortOne's answer did not arrive: " + err.Error(), egress
}

const egress = "let this machine reach PortOne; where only fixed addresses may be let out, set IAMPORT_URL=https://static-api.iamport.kr"
