package monitor

// text is what a page says, in both languages. It may have places for values, as
// [fmt.Sprintf] takes them; where Korean needs another order than English, it numbers them,
// %[2]s.
type text struct{ english, korean string }

// in returns the text in a language, with its places still in it.
func (w text) in(t tongue) string {
	if t.korean {
		return w.korean
	}
	return w.english
}

// words are all that the pages say, by a key for the templates. TestEveryWordIsKnownAndUsed
// sees to it that every key of a template is here, and every key here is used. Keys that
// begin with "status ", "reason " and "field " have the code of Redis behind it. The words
// are those of the commands and of README: whoever reads 철회 on the page finds it in the
// runbook.
var words = map[string]text{
	"title":    {"Cash receipt revocations", "현금영수증 취소 현황"},
	"asynq":    {"Tasks (Asynq)", "작업 보기 (Asynq)"},
	"logout":   {"Log out", "로그아웃"},
	"as of":    {"As of %s", "%s 기준"},
	"refresh":  {"renewed every %d seconds", "%d초마다 새로 고침"},
	"workers":  {"%s workers are running", "실행 중인 워커 %s개"},
	"worker":   {"1 worker is running", "실행 중인 워커 1개"},
	"stopping": {"%d stopping", "중지 중 %d개"},
	"worker waits": {
		"1 worker waits for PortOne: its log and /readyz say why.",
		"워커 1개가 포트원을 기다리고 있습니다. 이유는 그 워커의 로그와 /readyz에 나옵니다.",
	},
	"workers wait": {
		"%s workers wait for PortOne: their logs and /readyz say why.",
		"워커 %s개가 포트원을 기다리고 있습니다. 이유는 그 워커들의 로그와 /readyz에 나옵니다.",
	},
	"unserved":      {"No worker takes tasks; %s.", "작업을 처리하는 워커가 없습니다. %s."},
	"tasks wait":    {"%s tasks wait", "작업 %s건이 대기 중입니다"},
	"of cancelled":  {"Cancelled requests among them: %s.", "이 중 철회된 요청: %s건."},
	"open requests": {"Open requests: %s.", "남은 요청: %s건."},
	"kept": {
		"A paused queue keeps the tasks of requests that were cancelled or have ended, which are not called.",
		"일시 정지된 대기열에는 철회되었거나 끝난 요청의 작업이 남아 있으며 호출하지 않습니다.",
	},
	"task waits": {"1 task waits", "작업 1건이 대기 중입니다"},
	"stale":      {"The connection is lost; what is shown is old.", "연결이 끊겨 이전 내용이 표시되고 있습니다."},
	"failed":     {"Redis cannot be read: %s", "Redis를 읽을 수 없습니다: %s"},
	"since":      {"since %s", "%s부터"},
	"krw":        {"KRW %s", "%s원"},

	// Units of [tongue.inUnits].
	"days":    {"%d d", "%d일"},
	"hours":   {"%d h", "%d시간"},
	"minutes": {"%d min", "%d분"},
	"seconds": {"%d s", "%d초"},

	"login":      {"Log in", "로그인"},
	"name":       {"Name", "이름"},
	"password":   {"Password", "비밀번호"},
	"wrong":      {"This password is wrong.", "비밀번호가 올바르지 않습니다."},
	"wrong name": {"The name or the password is wrong.", "이름 또는 비밀번호가 올바르지 않습니다."},
	"token": {
		"Open the URL that was printed when this site was started: it has a token, which is new at every start.",
		"이 사이트를 시작할 때 출력된 URL로 접속하세요. URL에 토큰이 들어 있으며, 시작할 때마다 바뀝니다.",
	},
	"too many": {"Too many wrong passwords. Try again in %s.", "잘못된 비밀번호가 너무 많습니다. %s 뒤에 다시 시도하세요."},

	"search": {"Search by imp_uid", "imp_uid로 찾기"},
	"find":   {"Search", "찾기"},
	"nothing": {
		"Nothing is known about %s: it was never requested, or its outcome has expired.",
		"%s에 대한 기록이 없습니다. 요청된 적이 없거나 보관 기간이 지났습니다.",
	},
	"invalid": {
		"It cannot be an imp_uid: these have 1 to 32 of A-Z a-z 0-9 _ and -.",
		"imp_uid 형식이 아닙니다. A-Z a-z 0-9 _ - 문자로 된 1~32자여야 합니다.",
	},
	"task":    {"Task in Asynq", "Asynq 작업"},
	"broken":  {"This outcome cannot be read: %s", "이 결과를 읽을 수 없습니다: %s"},
	"clear":   {"Close", "닫기"},
	"person":  {"person", "개인 (소득공제)"},
	"company": {"company", "사업자 (지출증빙)"},

	"gateways":    {"Gateways", "PG사"},
	"no gateway":  {"No known gateway", "PG사 미지정"},
	"no queues":   {"No queue exists yet: nothing was ever asked for.", "아직 대기열이 없습니다. 요청된 건이 없습니다."},
	"idle":        {"No queue yet: %s", "대기열 없음: %s"},
	"open":        {"open", "정상"},
	"closed":      {"closed", "차단됨"},
	"failed ever": {"%d different receipts failed, and none has succeeded.", "서로 다른 영수증 %d건이 실패했고 성공한 건이 없습니다."},
	"failed since": {
		"%d different receipts failed since the last success at %s.",
		"서로 다른 영수증 %[1]d건이 마지막 성공(%[2]s) 이후 실패했습니다.",
	},
	"waived": {
		"Nothing has succeeded for twelve hours: the gate stays open, and each receipt is called by its own schedule.",
		"열두 시간 동안 성공한 건이 없어 게이트를 열어 두고 각 건을 자체 일정대로 호출합니다.",
	},
	"by gate":    {"paused by the gate", "게이트가 일시 정지"},
	"by portone": {"paused by PortOne's gate", "포트원 게이트가 일시 정지"},
	"by person":  {"paused by a person", "담당자가 일시 정지"},
	"queues":     {"%s queues", "대기열 %s개"},
	"queue":      {"1 queue", "대기열 1개"},
	"paused by":  {"paused by %s", "%s이(가) 일시 정지"},
	"paused in asynq": {
		"paused by a person, in the Asynq web UI or with its tool", "담당자가 Asynq 웹 UI나 도구에서 일시 정지",
	},
	"hold": {
		"PortOne asked for fewer calls: nothing is called for %s.",
		"포트원이 호출 제한을 요청했습니다. %s 동안 호출하지 않습니다.",
	},
	"portone off":   {"Nothing is called: the gate before PortOne is closed.", "포트원 앞의 게이트가 닫혀 아무것도 호출하지 않습니다."},
	"next probe":    {"next probe at %s, if a request waits", "다음 확인 %s(대기 중인 요청이 있을 때)"},
	"after portone": {"next probe after PortOne's gate", "포트원 게이트가 열린 뒤 확인"},
	"portone":       {"PortOne's gate is closed", "포트원 게이트가 닫힘"},
	"shut":          {"the gate of %s is closed", "%s 게이트가 닫힘"},
	"held":          {"%s held", "%s건 보류"},
	"waits":         {"It waits", "대기 중"},
	"single":        {"single", "개별"},
	"bulk":          {"batches", "배치"},
	"pending":       {"waiting", "대기"},
	"active":        {"active", "처리 중"},
	"retry":         {"retry", "재시도"},
	"scheduled":     {"later", "예약"},
	"oldest":        {"oldest", "최장"},

	"batches":    {"Batches", "배치"},
	"no batches": {"There is no batch.", "배치가 없습니다."},
	"revoked of": {"%s revoked", "취소 완료 %s"},
	"dead of":    {"%s dead", "처리 불가 %s"},
	"open of":    {"%s to come", "남음 %s"},
	"receipts":   {"%s receipts", "총 %s건"},
	"receipt":    {"1 receipt", "총 1건"},
	"incomplete": {"the list is not yet read to its end", "목록을 아직 끝까지 읽지 않음"},
	"finished":   {"finished %s", "%s 완료"},
	"started":    {"started %s", "%s 시작"},
	"cancelled":  {"cancelled %s", "%s 철회"},
	"pace":       {"%s a second, %s left", "초당 %s건, 남은 시간 %s"},
	"batches all": {
		"The %d started last; “revoker batch list” shows all.",
		"최근 시작된 %d개입니다. 전체는 “revoker batch list”로 볼 수 있습니다.",
	},
	"bar": {"%s revoked, %s dead", "취소 완료 %s, 처리 불가 %s"},

	"dead":    {"Dead letters", "처리 불가 건 (dead letter)"},
	"no dead": {"There is no dead letter.", "처리 불가 건이 없습니다."},
	"counted": {"%s in all; reasons counted at %s.", "모두 %s건, 사유는 %s에 집계했습니다."},
	"counting": {
		"%s in all; the reasons are those of the newest %s, counted at %s.",
		"모두 %s건, 사유는 그중 최근 %s건을 %s에 집계했습니다.",
	},
	"dead help": {
		"“revoker dead list --reason …” shows them, “revoker dead retry” tries again, but not those that were " +
			"cancelled, nor those whose receipt is another now: these are requested again.",
		"“revoker dead list --reason …”로 보고 “revoker dead retry”로 다시 시도합니다. 철회된 건과 다른 현금영수증이 발급된 건은 " +
			"다시 시도하지 않으니 새로 요청하세요.",
	},

	// Statuses, and what is said of a cancelled request in place of its status.
	"status queued":   {"queued", "대기 중"},
	"status retrying": {"to be tried again", "재시도 예정"},
	"status revoked":  {"revoked", "취소 완료"},
	"status dead":     {"dead: given up", "처리 불가"},

	"withdrawn queued":   {"cancelled: it ends as withdrawn, and is not called", "철회됨: 호출하지 않고 종료"},
	"withdrawn dead":     {"dead, and cancelled: not retried", "처리 불가, 철회됨: 다시 시도하지 않음"},
	"withdrawn retrying": {"cancelled: no other DELETE follows, a lookup decides", "철회됨: DELETE를 더 보내지 않고 조회로 결정"},
	"withdrawn blind":    {"cancelled: no other DELETE follows", "철회됨: DELETE를 더 보내지 않음"},

	// Reasons, as README explains them. The empty one is that of a dead letter whose
	// outcome has expired.
	"reason ":                    {"outcome gone", "결과 보관 기간 지남"},
	"reason revoked":             {"PortOne revoked it", "포트원에서 취소됨"},
	"reason already_revoked":     {"a lookup found it revoked", "조회 결과 이미 취소됨"},
	"reason stated_revoked":      {"a person found it revoked", "담당자가 취소된 것을 확인함"},
	"reason stated_not_revoked":  {"a person found it not revoked", "담당자가 취소되지 않은 것을 확인함"},
	"reason not_issued":          {"no receipt was issued through PortOne", "포트원으로 발급된 현금영수증 없음"},
	"reason refused":             {"PortOne refused the request", "포트원이 요청을 거절함"},
	"reason unsupported_gateway": {"PortOne cannot revoke on this gateway", "취소를 지원하지 않는 PG사"},
	"reason attempts_exhausted":  {"every attempt failed", "모든 시도가 실패함"},
	"reason reissued":            {"another receipt than the one asked for exists now", "요청한 것과 다른 현금영수증이 발급되어 있음"},
	"reason withdrawn":           {"cancelled by all who requested it", "요청자가 취소 요청을 철회함"},
	"reason unconfirmed":         {"may be revoked, no lookup can tell: look by hand", "취소 여부를 알 수 없음: 직접 확인 필요"},
	"reason invalid_task":        {"the task cannot be read", "읽을 수 없는 작업"},
	"reason crashed":             {"the process died in the last attempt", "마지막 시도 중 프로세스 종료"},
	"reason pg_failure":          {"the gateway answered that it failed", "PG사가 취소 실패로 응답함"},
	"reason unreachable":         {"no usable answer came", "응답을 받지 못함"},
	"reason unauthorized":        {"the credentials, or this address, were refused", "인증 정보 또는 접속 IP가 거부됨"},
	"reason rate_limited":        {"PortOne asked for fewer calls", "포트원의 호출 제한"},
	"reason gateway_paused": {
		"the gateway's gate was closed, or a person had paused the queue: it was not called",
		"게이트가 닫혔거나 담당자가 일시 정지하여 호출 보류",
	},

	"field imp_uid":          {"payment", "거래고유번호"},
	"field pg":               {"gateway", "PG사"},
	"field batch":            {"batch", "배치"},
	"field status":           {"status", "상태"},
	"field reason":           {"reason", "사유"},
	"field http_status":      {"HTTP status", "HTTP 상태"},
	"field code":             {"answer's code", "응답 코드"},
	"field message":          {"answer's message", "응답 메시지"},
	"field attempts":         {"attempts", "시도 횟수"},
	"field receipt_tid":      {"gateway's number", "PG사 거래번호"},
	"field apply_num":        {"tax office's number", "국세청 승인번호"},
	"field type":             {"type", "용도"},
	"field amount":           {"amount", "금액"},
	"field vat":              {"VAT", "부가세"},
	"field receipt_url":      {"receipt", "영수증"},
	"field applied_at":       {"issued", "발급 시각"},
	"field cancelled_at":     {"revoked", "취소 시각"},
	"field first_attempt_at": {"first attempt", "첫 시도"},
	"field updated_at":       {"last change", "마지막 변경"},
	"field next_attempt_at":  {"next attempt", "다음 시도"},
	"field looked_up_until":  {"may have worked unseen: looked up until", "취소되었을 수 있어 조회를 계속하는 기한"},
	"unseen due":             {"may have worked unseen: to be looked up since", "취소되었을 수 있음: 조회 예정 시각"},
	"unseen blind": {
		"may have worked unseen, no lookup can tell: not given up before",
		"취소되었을 수 있으나 조회로 알 수 없음: 이 시각까지 포기하지 않음",
	},
	"field stated_by": {"stated by", "확인한 담당자"},
	"field statement": {"statement", "확인 내용"},
	"field withdrawn": {"cancelled by all who requested it", "요청자가 철회함"},
}
