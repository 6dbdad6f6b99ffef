package naming

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"

	"receiptrevoker/cmd/internal/list/plain"
)

// lookAlikes are what the names of columns look like that may be a receipt's number, a gateway or a sub-merchant
// under a name that is not known.
var lookAlikes = []struct {
	field    Field
	like     *regexp.Regexp
	is, name string
}{
	{NumberField, regexp.MustCompile(`apply|approval[ _-]?n|승인\s*번호|receipt[ _-]?n(?:o|um)|` +
		`(?:영수증|국세청)\s*번호`), "receipt that is meant", "apply_num"},
	{
		TierField, regexp.MustCompile(`(?:^|[^a-z])tier|티어|서브\s*몰|하위\s*(?:상점|가맹점)|sub[ _-]?(?:mall|merchant)`),
		"sub-merchant", "tier",
	},
	{GatewayField, regexp.MustCompile(`(?:^|[^a-z])pg|결제\s*대행|결제사|payment[ _-]?gateway`), "gateway", "pg"},
}

// LookAlike says of the name of a column or key that is not read what it looks like, NoField if like nothing. One of
// a gateway's fees, numbers or amounts is none of its name.
func LookAlike(name string) (of Field, text string) {
	if len(name) > maxKey {
		return NoField, ""
	}
	name = strings.ToLower(norm.NFKC.String(plain.Name(name)))
	for _, l := range lookAlikes {
		if l.like.MatchString(name) && (l.field != GatewayField || !ofGateway.MatchString(name)) {
			return l.field, fmt.Sprintf("if it names the %s, name it %s", l.is, l.name)
		}
	}
	return NoField, ""
}
