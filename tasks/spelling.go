package tasks

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxSpelling is how many bytes a gateway's name may have; the longest known have 60.
const maxSpelling = 200

// spelling says which words the name of a gateway is made of, in any order.
type spelling struct {
	code  Gateway
	names [][]string // of these groups a name has all words of at least one
	words []string   // all that it may have: also those that may stand beside the groups
}

func newSpelling(code Gateway, beside string, names ...string) spelling {
	s := spelling{code: code, words: strings.Fields(beside)}
	for _, name := range names {
		s.names = append(s.names, strings.Fields(name))
		s.words = append(s.words, strings.Fields(name)...)
	}
	return s
}

// spellings are the words of each gateway's names. Words that several companies share name
// none: KG (also KG모빌리언스), NHN (also NHN페이코), 키움, 페이. Nor do 토스페이, a gateway of
// its own, toss alone, which in Latin letters looks like its code, and 구 beside 토스페이먼츠
// and 스마트로, whose old modules have codes that are not among the constants. The words were
// found in merchants' exports, and in PortOne's console and documentation.
var spellings = []spelling{
	newSpelling(Inicis, "kg html5", "inicis"),
	newSpelling(KCP, "nhn", "kcp"),
	newSpelling(Settle, "financial bank old", "hecto", "settle"),
	newSpelling(Nice, "pay payments old", "nice"),
	newSpelling(Daou, "kiwoom pay data", "kiwoom pay", "payjoa", "daou"),
	newSpelling(KICC, "easy pay", "kicc", "easy pay"),
	newSpelling(TossPayments, "payments new", "토스", "toss payments"),
	newSpelling(NiceV2, "pay payments new v2", "nice new", "nice v2"),
	newSpelling(KSNET, "", "ks net"),
	newSpelling(SmartroV2, "new v2", "smartro"),
	newSpelling(Welcome, "pay payments", "welcome"),
}

// words are those that names are made of, by how they are written, folded.
var words = func() map[string]string {
	all := make(map[string]string)
	for word, written := range map[string]string{
		"inicis": "이니시스", "kg": "케이지", "html5": "", "kcp": "케이씨피 케이시피 한국사이버결제", "nhn": "엔에이치엔",
		"hecto": "헥토", "financial": "파이낸셜 파이낸샬", "settle": "세틀 세틀뱅크 settlebank", "bank": "뱅크",
		"nice": "나이스", "pay": "페이", "payments": "페이먼츠 페이먼트 payment",
		"kiwoom": "키움", "payjoa": "페이조아", "daou": "다우", "data": "데이타 데이터",
		"kicc": "케이아이씨씨 한국정보통신", "easy": "이지", "토스": "", "toss": "", "ks": "케이에스", "net": "넷",
		"smartro": "스마트로", "welcome": "웰컴", "new": "신 신규", "old": "구", "v2": "",
		// What stands in a name beside those, and tells nothing.
		"": "주 주식회사 유 유한회사 inc corp co ltd coltd pg 피지 pg사 결제 전자결제 결제창 웹 웹표준 모바일 일반결제 모듈",
	} {
		for _, spelled := range append(strings.Fields(written), word) {
			all[fold(spelled)] = word
		}
	}
	delete(all, "")
	return all
}()

// longestFirst are the keys of words, in the order in which a name is searched for them.
var longestFirst = slices.SortedFunc(maps.Keys(words), func(a, b string) int { return len(b) - len(a) })

// spelled returns the gateway whose words a name is made of, and false if it has another
// word, or those of no gateway, or those of several.
func spelled(name string) (Gateway, bool) {
	said, ok := wordsOf(name)
	if !ok {
		return "", false
	}
	var found []Gateway
	for _, s := range spellings {
		if s.spells(said) {
			found = append(found, s.code)
		}
	}
	if len(found) != 1 {
		return "", false
	}
	return found[0], true
}

// spells reports whether said are words of the gateway's name, and enough of them.
func (s spelling) spells(said map[string]bool) bool {
	for word := range said {
		if !slices.Contains(s.words, word) {
			return false
		}
	}
	return slices.ContainsFunc(s.names, func(name []string) bool {
		return !slices.ContainsFunc(name, func(word string) bool { return !said[word] })
	})
}

// wordsOf returns the words that a name is made of, and false if it has another one.
func wordsOf(name string) (map[string]bool, bool) {
	if len(name) > maxSpelling {
		return nil, false
	}
	said := make(map[string]bool)
	for rest := fold(name); rest != ""; {
		i := slices.IndexFunc(longestFirst, func(word string) bool { return strings.HasPrefix(rest, word) })
		if i < 0 {
			return nil, false
		}
		if word := words[longestFirst[i]]; word != "" {
			said[word] = true
		}
		rest = rest[len(longestFirst[i]):]
	}
	return said, true
}

// fold makes spellings equal that differ only in case, spacing, punctuation, or in
// Unicode's form: macOS writes Hangul in its parts (NFD), and ㈜ is (주) in NFKC.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(name))
}
