package naming

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"receiptrevoker/cmd/internal/list/plain"
)

var (
	// numbering, ring and table stand before a column's name, as in "2. r.apply_num" and "② apply_num".
	// numbering has one to three digits and a mark behind them: "2. ", "3) ", "(4) ".
	numbering = regexp.MustCompile(`^[^\pL\pN]*\d{1,3}[^\pL\pN_]+`)
	// ring is a number in a ring: ①imp_uid.
	ring = regexp.MustCompile(`^\s*[①-⑳]`)
	// table is the name of a table or its alias, or of several: r.apply_num, shop.stores.tier.
	table = regexp.MustCompile(`^\s*(?:[\pL_][\pL\pN_]*\.)+`)
	// marks are the quotation marks of SQL, and the asterisk by which forms say that a value is required.
	marks = strings.NewReplacer("`", "", `"`, "", "'", "", "*", "")
	// bracketed is an addition in any brackets that forms and spreadsheets use.
	bracketed = regexp.MustCompile(`[(\[{<【〔「][^()\[\]{}<>【】〔〕「」]*[)\]}>】〕」]`)
	// asides are what people add to any name in brackets, and asideWord what they add without.
	asides = regexp.MustCompile(`^.\s*(?:필수|선택|입력|required|optional|v1|portone|iamport|포트원|아임포트|국세청|홈택스|` +
		`pg사?|결제|결제대행사|결제사|코드|code|apply[ _]?num)\s*.$`)
	asideWord = regexp.MustCompile(`^v1 |\s(?:필수|선택|required|optional)\s*$`)
	// another are words for another payment's, or another receipt's.
	another = regexp.MustCompile(`(?:^|[^\pL])구(?:$|[^\pL])|이전|기존|취소|(?:^|[^a-z])(?:old|prev|before|cancel|original)`)

	// otherNames are what stands for a name where no column has that: 현금영수증 번호 is what the buyer gave, and a PG명
	// may not tell one gateway of a company from another.
	otherNames = []struct {
		like *regexp.Regexp
		name string
	}{
		{regexp.MustCompile(`^\s*현금\s*영수증\s*(?:(?:정보|내역)\s*(?:승인\s*)?|승인\s*)번호`), "현금영수증 승인번호"},
		{regexp.MustCompile(`(?i)^\s*(?:pg\s*사?|결제\s*대행사?)[ _-]*(?:이름|명|코드|name|code)`), "PG사"},
	}

	// subMall is 하위상점 alone before a name in brackets, as in 하위상점(tier): of 등급(tier), a customer's grade,
	// it is no sub-merchant's.
	subMall = regexp.MustCompile(`^\s*하위\s?상점(?:\s?코드)?\s*$`)
)

// OfAnother reports whether a name is said to be another payment's or receipt's, such as 이전 imp_uid.
// Its value is never requested.
func OfAnother(name string) bool {
	return another.MatchString(strings.ToLower(norm.NFKC.String(plain.Name(name))))
}

// codeNames are the names, by their letters and digits, that are no words of a language: they may have
// any addition but the words given here, with which they are the name of something else: merchant of
// imp_uid, the card company's of apply_num, a fee or an id of pg, a customer's grade of tier. Names in
// Korean are words, and may have the additions of asides alone.
var codeNames = map[string]*regexp.Regexp{
	"impuid": ofOrder, "applynum": ofCard, "pg": ofGateway, "pgprovider": ofGateway,
	"tier": ofCustomer, "tiercode": ofCustomer,
}

var (
	// ofOrder is of the order: merchant_uid(imp_uid) is PortOne's name of an order's number.
	ofOrder = regexp.MustCompile(`merchant`)
	// ofCard is of a payment, whose number is the card company's, or of the receipt that was issued again, which is to
	// stay.
	ofCard = regexp.MustCompile(`카드|card|결제|payment|재발[급행]|신규|부분\s*환불|` +
		`(?:^|[^a-z])(?:new|reissued?|refund)(?:$|[^a-z])`)
	// ofReceipt is all that may stand around a receipt's number, and tableOfReceipt what it may be a
	// column of: any other word, such as 변경, 최종 and latest, may tell one receipt of a payment from
	// another.
	ofReceipt = regexp.MustCompile(`^(?:현금|영수증|국세청|홈택스|승인|번호|필수|선택|옵션|입력|해당|있는|경우|있으면|` +
		`숫자|문자|텍스트|값|시|예|자리|cash|receipts?|nts|apply|approval|num(?:ber)?|no|required|optional|` +
		`text|string|varchar|char|example|digits?|e\.?g|v1|portone|iamport|포트원|아임포트|[^\pL])*$`)
	tableOfReceipt = regexp.MustCompile(`^(?:(?:[a-z_]{1,2}\d?|public|dbo|data|items?|rows?|list|orders?|payload|` +
		`response|body|result|주문|(?:tbl?_|t_)?(?:cash_?)?receipts?(?:_?(?:info|data|list))?|(?:현금)?영수증)\.)*$`)
	// ofGateway is of what a gateway charges, numbers or reports, but does not name it: pg 수수료, pg_tid.
	ofGateway = regexp.MustCompile(`수수료|번호|금액|상태|결과|카드|fee|amount|(?:^|[^a-z])[tm]?id(?:$|[^a-z])`)
	// ofCustomer is of the customer's grade in the shop: user.tier, tier (회원등급).
	ofCustomer = regexp.MustCompile(`등급|회원|고객|구매자|사용자|이용자|유저|` +
		`grade|level|member|customer|user|buyer|client|account|(?:^|[^a-z])[umc]\.`)
)

// dressed reports whether a column has a name, given by its letters and digits, with additions: a
// number or tables before it, something in brackets, or words such as 필수. Or the name itself is in
// brackets, as in 승인번호(apply_num).
func dressed(column form, name string) bool {
	// A name that stands for the known one is replaced by it, with its additions: 현금영수증 정보 번호 (선택) becomes
	// 현금영수증 승인번호 (선택).
	for _, other := range otherNames {
		if formOf(other.name).letters == name && other.like.MatchString(column.plain) {
			column = formOf(other.like.ReplaceAllString(column.plain, other.name))
		}
	}
	if name == "" || !strings.Contains(column.letters, name) {
		return false
	}
	// The additions are taken off one after another: ring and marks, number, tables, brackets, words.
	text := ring.ReplaceAllString(column.plain, "")
	text = marks.Replace(strings.ToLower(norm.NFKC.String(text)))
	// Words of another payment, receipt or thing count wherever they stand, also in brackets or as a
	// table.
	other, isCode := codeNames[name]
	if another.MatchString(text) || isCode && other.MatchString(text) {
		return false
	}
	text = numbering.ReplaceAllString(text, "")
	tables := strings.TrimSpace(table.FindString(text))
	text = table.ReplaceAllString(text, "")
	outside := asideWord.ReplaceAllString(bracketed.ReplaceAllString(text, " "), "")
	// The receipt's number is the strictest: any word that is not known to be harmless may tell one
	// receipt of a payment from another, as 변경 and latest do. Such a column is not read, and [MayBeNumber]
	// has it asked about.
	if slices.ContainsFunc(NumberNames, func(n string) bool { return formOf(n).letters == name }) {
		return tableOfReceipt.MatchString(tables) && ofReceipt.MatchString(text) && !plain.HasDigit(outside)
	}
	// What is left outside of the brackets is the name alone: a code may have anything in brackets, a word
	// of a language only what people add to any name.
	added := bracketed.FindAllString(text, -1)
	if plain.LettersAndDigits(outside) == name {
		return isCode || !slices.ContainsFunc(added, func(text string) bool { return !asides.MatchString(text) })
	}
	// The name itself is in brackets, behind other words. 수수료(PG) is a fee.
	if !isCode || name == "pg" || name == "tier" && !subMall.MatchString(outside) {
		return false
	}
	return slices.ContainsFunc(added, func(text string) bool { return plain.LettersAndDigits(text) == name })
}

// lookAlikes are what the names of columns look like that may be a receipt's number, a gateway or a
// sub-merchant under a name that is not known. They are noted, never read; is and name are words of the
// note: "if it names the sub-merchant, name it tier".
var lookAlikes = []struct {
	field    Field
	like     *regexp.Regexp
	is, name string
}{
	{NumberField, regexp.MustCompile(`apply|approval[ _-]?n|승인\s*(?:번호|no|코드)|receipt[ _-]?n(?:o|um)|` +
		`(?:영수증|국세청)\s*번호`), "receipt that is meant", "apply_num"},
	{
		TierField, regexp.MustCompile(`(?:^|[^a-z])tier|티어|서브\s*몰|하위\s*(?:상점|가맹점)|sub[ _-]?(?:mall|merchant)`),
		"sub-merchant", "tier",
	},
	{GatewayField, regexp.MustCompile(`(?:^|[^a-z])pg|결제\s*대행|결제사|` +
		`(?:^|[^a-z]|payment)(?:gateway|provider)(?:$|[^a-z])`), "gateway", "pg"},
}

// approved is a receipt's number in other words, as in 현금영수증 발급 승인No.
var approved = regexp.MustCompile(`현금\s*영수증.*승인\s*(?:번호|no|코드|code)`)

// MayBeNumber reports whether the name of a column or key that is not read holds that of a receipt's
// number, with words that may tell one receipt of a payment from another, as in latest.apply_num. One
// said to be the card company's, or another receipt's, is no doubt. Where it is true and no other
// column names the receipts' numbers, a person is asked: a note would not stop `bulk` in a script.
func MayBeNumber(name string) bool {
	column := formOf(name)
	text := strings.ToLower(norm.NFKC.String(column.plain))
	return len(name) <= maxKey && !another.MatchString(text) && !ofCard.MatchString(text) &&
		(approved.MatchString(text) ||
			slices.ContainsFunc(NumberNames, func(n string) bool { return strings.Contains(column.letters, formOf(n).letters) }))
}

// LookAlike says of the name of a column or key that is not read what it looks like, NoField if like
// nothing, and what to do if it is that. One of a gateway's fees, numbers or amounts is none of its
// name.
func LookAlike(name string) (of Field, text string) {
	if len(name) > maxKey {
		return NoField, ""
	}
	if letters := formOf(name).letters; strings.Contains(letters, "impuid") || strings.Contains(letters, "거래고유번호") {
		return ImpUIDField, "--column names it if its payments are meant"
	}
	name = strings.ToLower(norm.NFKC.String(plain.Name(name)))
	for _, l := range lookAlikes {
		if l.like.MatchString(name) && (l.field != GatewayField || !ofGateway.MatchString(name)) {
			return l.field, fmt.Sprintf("if it names the %s, name it %s", l.is, l.name)
		}
	}
	return NoField, ""
}
