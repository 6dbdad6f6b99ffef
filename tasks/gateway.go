package tasks

import (
	"cmp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
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
	Inicis       Gateway = "html5_inicis"
	KCP          Gateway = "kcp"
	Settle       Gateway = "settle"
	Nice         Gateway = "nice"
	Daou         Gateway = "daou"
	KICC         Gateway = "kicc"
	TossPayments Gateway = "tosspayments"
	NiceV2       Gateway = "nice_v2"
	KSNET        Gateway = "ksnet"
	SmartroV2    Gateway = "smartro_v2"
	Welcome      Gateway = "welcome"
)

// gatewayName is what is known about a gateway. aliases are further spellings
// found in merchants' exports; lookup tells whether PortOne documents GET
// /receipts/{imp_uid} for it.
type gatewayName struct {
	code            Gateway
	lookup          bool
	korean, english string
	aliases         []string
}

// gatewayNames lists every known gateway.
var gatewayNames = []gatewayName{
	{Inicis, true, "KG이니시스", "KG Inicis", []string{
		"이니시스", "inicis", "케이지이니시스", "이니시스(KG)", "KG이니시스(웹표준)", "이니시스(웹표준)", "KG이니시스(모바일)",
	}},
	{KCP, true, "NHN KCP", "NHN KCP", []string{
		"NHN한국사이버결제", "한국사이버결제", "케이씨피", "NHN케이씨피", "엔에이치엔케이씨피", "엔에이치엔한국사이버결제", "KCP(NHN)",
	}},
	{Settle, false, "헥토파이낸셜", "Hecto Financial", []string{"세틀뱅크", "Settle Bank", "헥토", "헥토파이낸셜(세틀뱅크)"}},
	{Nice, true, "나이스페이먼츠", "NICE Payments", []string{"나이스페이", "나이스", "NICE페이먼츠", "NICE페이", "NICEPAY"}},
	{Daou, true, "키움페이", "Kiwoom Pay", []string{"페이조아", "PayJoa", "다우데이타", "키움페이(다우데이타)"}},
	{KICC, false, "KICC", "KICC Easypay", []string{"이지페이", "KICC 이지페이"}},
	{TossPayments, true, "토스페이먼츠", "Toss Payments", []string{"토스"}},
	{NiceV2, true, "(신) 나이스페이", "NICE Payments (new)", []string{
		"(신)나이스페이먼츠", "나이스페이(신)", "나이스페이먼츠(신)", "(신)NICEPAY", "NICEPAY(신)",
	}},
	{KSNET, true, "KSNET", "KSNET", []string{"케이에스넷"}},
	{SmartroV2, true, "스마트로", "Smartro", nil},
	{Welcome, true, "웰컴페이먼츠", "Welcome Payments", []string{"웰컴", "웰컴페이"}},
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
// them, whatever its case, spacing, punctuation and Unicode form. A name that is
// not known comes back as it is, without blanks around it, with false.
func ParseGateway(name string) (Gateway, bool) {
	name = strings.TrimSpace(name)
	if pg := Gateway(name); pg.Known() {
		return pg, true
	}
	code, _, _ := strings.Cut(name, ".")
	for _, spelling := range []string{name, code} {
		if pg, ok := gatewaysByName[fold(spelling)]; ok {
			return pg, true
		}
	}
	return Gateway(name), false
}

// gatewaysByName are the known gateways by all of their names, folded.
var gatewaysByName = func() map[string]Gateway {
	all := make(map[string]Gateway)
	for _, g := range gatewayNames {
		for _, name := range append([]string{string(g.code), g.korean, g.english}, g.aliases...) {
			all[fold(name)] = g.code
		}
	}
	return all
}()

// company is what names a company as one, in Unicode's form NFKC, which ㈜ is (주) in.
var company = strings.NewReplacer("(주)", "", "주식회사", "")

// fold makes spellings equal that differ only in case, spacing, punctuation, in whether they
// say that it is a company, or in Unicode's form: macOS writes Hangul in its parts (NFD).
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, company.Replace(norm.NFKC.String(name)))
}
