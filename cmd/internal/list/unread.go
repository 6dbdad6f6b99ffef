package list

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// lookAlikes are what the names of columns look like that may be a receipt's number, a gateway or a sub-merchant
// under a name that is not known.
var lookAlikes = []struct {
	field    field
	like     *regexp.Regexp
	is, name string
}{
	{numberField, regexp.MustCompile(`apply|approval[ _-]?n|승인\s*번호|receipt[ _-]?n(?:o|um)|(?:영수증|국세청)\s*번호`), "receipt that is meant", "apply_num"},
	{tierField, regexp.MustCompile(`(?:^|[^a-z])tier|하위\s*(?:상점|가맹점)|sub[ _-]?(?:mall|merchant)`), "sub-merchant", "tier"},
	{gatewayField, regexp.MustCompile(`(?:^|[^a-z])pg|결제\s*대행|결제사|payment[ _-]?gateway`), "gateway", "pg"},
}

// unread says of the name of a column or key that is not read what it looks like, noField if like nothing. One of
// a gateway's fees, numbers or amounts is none of its name.
func unread(name string) (of field, text string) {
	if len(name) > maxKey {
		return noField, ""
	}
	name = strings.ToLower(norm.NFKC.String(tidy(name)))
	for _, l := range lookAlikes {
		if l.like.MatchString(name) && (l.field != gatewayField || !ofGateway.MatchString(name)) {
			return l.field, fmt.Sprintf("if it names the %s, name it %s", l.is, l.name)
		}
	}
	return noField, ""
}

// noteUnread notes the columns that may say which receipt is meant, whose, or where, and are not read.
func (r *Reader) noteUnread(p *csvParser, at *header) {
	of := map[field]int{numberField: p.number, tierField: p.tier, gatewayField: p.gateway}
	reads := p.reads()
	for i, name := range at.names {
		like, text := unread(name)
		if like == noField || slices.Contains(reads, i) {
			continue
		}
		if of[like] >= 0 {
			text = fmt.Sprintf("column %d is, %q", of[like]+1, cut(tidy(at.names[of[like]])))
		}
		r.note(at.line, fmt.Sprintf("column %d, %q, is not read: %s", i+1, cut(tidy(name)), text))
	}
}

// noteKey notes a key of JSON that may be one of those, and is not read.
func (r *Reader) noteKey(key string) {
	if like, text := unread(key); like != noField {
		r.note(r.line(), fmt.Sprintf("the key %q is not read: %s", cut(tidy(key)), text))
	}
}
