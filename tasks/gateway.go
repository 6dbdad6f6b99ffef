package tasks

import (
	"cmp"
	"strings"
)

// Gateway is a payment gateway (PG) by its PortOne code, the value of
// pg_provider. The zero value means that the gateway is not known.
//
// A Gateway need not be one of the constants: a code that appeared after this
// program was built is carried along unchanged and never refused.
type Gateway string

// The gateways on which PortOne documents, or once documented, revoking cash
// receipts.
const (
	Inicis       Gateway = "html5_inicis" // KG Inicis
	KCP          Gateway = "kcp"          // NHN KCP
	Settle       Gateway = "settle"       // Hecto Financial: PortOne documents no lookup
	Nice         Gateway = "nice"         // NICE Payments, its older module
	Daou         Gateway = "daou"         // Kiwoom Pay, formerly PayJoa of Daou
	KICC         Gateway = "kicc"         // Easypay: PortOne documents no lookup
	TossPayments Gateway = "tosspayments" // Toss Payments
	NiceV2       Gateway = "nice_v2"      // NICE Payments, its newer module
	KSNET        Gateway = "ksnet"        // KSNET
	SmartroV2    Gateway = "smartro_v2"   // Smartro
	Welcome      Gateway = "welcome"      // Welcome Payments
)

// gatewayName is what is known about a gateway. lookup tells whether PortOne documents
// GET /receipts/{imp_uid} for it; its spellings are in [spellings].
type gatewayName struct {
	code            Gateway
	lookup          bool
	korean, english string
}

// gatewayNames lists every known gateway.
var gatewayNames = []gatewayName{
	{Inicis, true, "KG이니시스", "KG Inicis"},
	{KCP, true, "NHN KCP", "NHN KCP"},
	{Settle, false, "헥토파이낸셜", "Hecto Financial"},
	{Nice, true, "나이스페이먼츠", "NICE Payments"},
	{Daou, true, "키움페이", "Kiwoom Pay"},
	{KICC, false, "KICC", "KICC Easypay"},
	{TossPayments, true, "토스페이먼츠", "Toss Payments"},
	{NiceV2, true, "(신) 나이스페이", "NICE Payments (new)"},
	{KSNET, true, "KSNET", "KSNET"},
	{SmartroV2, true, "스마트로", "Smartro"},
	{Welcome, true, "웰컴페이먼츠", "Welcome Payments"},
}

// Gateways returns every known gateway, the six this project began with first.
func Gateways() []Gateway {
	all := make([]Gateway, len(gatewayNames))
	for i, g := range gatewayNames {
		all[i] = g.code
	}
	return all
}

// named returns what is known about g, its zero value if nothing is.
func (g Gateway) named() gatewayName {
	for _, known := range gatewayNames {
		if g == known.code {
			return known
		}
	}
	return gatewayName{}
}

// Known reports whether g is one of the constants of this package.
func (g Gateway) Known() bool { return g.named().code != "" }

// LooksUp reports whether PortOne documents the lookup of receipts for g. It is
// false for a gateway that is not known.
func (g Gateway) LooksUp() bool { return g.named().lookup }

// Korean returns the gateway's Korean name, or its code if it has none.
func (g Gateway) Korean() string { return cmp.Or(g.named().korean, string(g)) }

// English returns the gateway's English name, or its code if it has none.
func (g Gateway) English() string { return cmp.Or(g.named().english, string(g)) }

// ParseGateway returns the gateway that name means: a code, a code with a merchant
// ID behind it as in the pg of PortOne's payment request ({PG}.{MID},
// html5_inicis.MID-a), or a Korean or an English name as order systems export
// them, whatever its case, spacing, punctuation, order of words and Unicode form, and
// whether its words are in Hangul or in Latin letters. A name that is not known, or that
// may mean two gateways, such as NHN, comes back as it is, without blanks around it, with
// false.
func ParseGateway(name string) (Gateway, bool) {
	name = strings.TrimSpace(name)
	if pg := Gateway(name); pg.Known() {
		return pg, true
	}
	pg, known := spelled(name)
	if code, _, dotted := strings.Cut(name, "."); dotted && !known {
		pg, known = spelled(code)
	}
	if !known {
		return Gateway(name), false
	}
	return pg, true
}
