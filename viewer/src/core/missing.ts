/** What the server says is missing, in the language of the interface: it says so in English, in phrases made of parts. */
import { language } from "./i18n";
import { named } from "./named";

const CAPACITIES: Record<string, string> = {
  "design authority": "设计单位",
  "quality manager": "质量负责人",
  customer: "建设单位",
  contractor: "施工单位",
  "third party": "第三方",
  inspector: "检验员",
  authority: "监督机构",
  consultant: "咨询单位",
  supplier: "供应商",
  subcontractor: "分包单位",
};
const DECISIONS: Record<string, string> = {
  "use as is": "让步接收",
  rework: "返工",
  repair: "返修",
  replace: "拆除重做",
  regrade: "降级使用",
  scrap: "报废",
  "return to supplier": "退货",
  sort: "挑选",
};
const OUTCOMES: Record<string, string> = {
  pass: "合格",
  fail: "不合格",
  indeterminate: "无法判定",
  "not measured": "未测量",
  not_measured: "未测量",
};
const as = (name = "") => CAPACITIES[name.replaceAll("_", " ")] ?? name;

/** A phrase, and what it is in Chinese; `$1` is left as it stands, a function puts words in. */
const PHRASES: readonly [RegExp, string | ((...parts: string[]) => string)][] = [
  [/^an element or a lot$/, "构件或批次"],
  [/^a quantity of (\S+), the number of the elements named, not (\S+)$/, "数量应为所列构件数 $1，而不是 $2"],
  [/^a requirement with clause and limit$/, "带条款和限值的要求"],
  [/^a measured value of (.+) with its uncertainty$/, "“$1”的实测值及其不确定度"],
  [/^evidence$/, "证据"],
  [/^who detected it$/, "发现人"],
  [/^a containment$/, "控制措施"],
  [/^a query of what else is affected$/, "对其他受影响部位的排查"],
  [/^the place where it is held$/, "隔离位置"],
  [/^the tag on it$/, "标识内容"],
  [/^a reviewer as (.+)$/, (_, role) => `${as(role)}的评审人`],
  [/^a valid signature as (.+)$/, (_, role) => `${as(role)}的有效签字`],
  [/^a signature as (.+)$/, (_, role) => `${as(role)}的签字`],
  [/^a disposition for the remaining (\S+) of (\S+)$/, "其余 $1（共 $2）的处置"],
  [/^a disposition for element (.+)$/, "构件 $1 的处置"],
  [/^rework, repair or replacement among what was decided: verify instead$/, "处置中没有需实施的整改：请直接验证"],
  [/^a decision whether a CAPA is needed, with its reason$/, "是否采取纠正与预防措施的决定及理由"],
  [/^the CAPA that was found to be needed$/, "已决定采取的纠正与预防措施"],
  [/^its cost$/, "费用"],
  [/^the customer's information$/, "通知建设单位"],
  [/^the closer's signature$/, "关闭人的签字"],
  [/^a second person's signature$/, "另一人的签字"],
  [/^a second person, who did not correct$/, "未参与整改的另一人"],
  [/^a reason$/, "理由"],
  [/^the instrument$/, "所用仪器"],
  [/^the expanded uncertainty$/, "扩展不确定度"],
  [/^the inspector's signature$/, "检验员的签字"],
  [/^an acceptance that still holds: reopen the record$/, "仍然有效的接收：请重新打开记录"],
  [/^a decision about (.+), which changed after the disposition.*$/, "处置之后 $1 发生变化，需重新决定"],
  [/^'(.+)' of (.+), or why it was not measured$/, "$2 的“$1”，或未测量的原因"],
  [/^a photo of what fails in '(.+)' of (.+)$/, "$2 的“$1”不合格部位照片"],
  [/^release of '(.+)' by the (.+)$/, (_, what, who) => `${as(who)}对“${what}”的放行`],
  [
    /^the (.+) at '(.+)', or its notice and the end of it$/,
    (_, who, what) => `${as(who)}到场见证“${what}”，或通知期满`,
  ],
  [
    /^a passing inspection or check, a closed NCR or a concession for (.+)$/,
    "$1 的合格检验或检查、已关闭的不合格项或让步接收",
  ],
  [/^the lot's quantity in (.+)$/, "以 $1 计的检验批数量"],
  [/^a calibrated instrument$/, "检定有效的仪器"],
  [/^a calibration that held on the day of the measurement$/, "测量当日有效的检定"],
  [/^a signature on (?:a re-inspection|an inspection) in a suitable capacity$/, "以适当身份作出的签字"],
  [/^the work of (.+): correct first$/, (_, line) => `先完成${lineSaid(line)}的整改`],
];

/** What follows `rework of 2: `. */
const OF_LINE: readonly [RegExp, string | ((...parts: string[]) => string)][] = [
  [/^the elements that it is about$/, "所涉及的构件"],
  [/^a concession with quantity, elements and expiry$/, "注明数量、构件和有效期的让步接收"],
  [/^a concession for each of its elements$/, "覆盖每个构件的让步接收"],
  [/^a concession that has not expired$/, "未过期的让步接收"],
  [/^a concession for (\S+), not (\S+)$/, "让步接收数量应为 $1，而不是 $2"],
  [/^a rework instruction$/, "返工作业指导书"],
  [/^a repair procedure$/, "返修方案"],
  [/^criteria that the repair is inspected against$/, "返修验收标准"],
  [/^a method of replacement$/, "拆除重做方案"],
  [/^the item or grade it becomes$/, "降级后的项目或等级"],
  [/^a supplier corrective action request \(SCAR\)$/, "供应商纠正措施要求"],
  [/^an instruction for sorting$/, "挑选作业指导书"],
  [/^the customer's approval: it cannot be waived here$/, "建设单位的批准：此处不可免除"],
  [/^the as-built record that shows the deviation$/, "体现偏差的竣工资料"],
  [/^irreversible marking of what was scrapped$/, "报废品的永久性标识"],
  [/^the quantity counted as scrapped$/, "报废清点数量"],
  [/^evidence of the scrapping$/, "报废证据"],
  [/^re-identification of the item$/, "重新标识"],
  [/^traceability of the regraded item$/, "降级品的可追溯性"],
  [/^a shipping record$/, "退货单"],
  [/^a debit note, or why there is none$/, "扣款单，或不扣款的理由"],
  [/^child lots, each with its own verdict$/, "各有判定的分批"],
  [/^reconciliation: (\S+) counted of (\S+)$/, "数量核对：清点 $1，应为 $2"],
  [/^a verification that passes, not (.+)$/, (_, said) => `合格的验证，而不是${OUTCOMES[said ?? ""] ?? said}`],
  [/^a verification by somebody who did not correct$/, "由未参与整改者进行的验证"],
  [
    /^a re-inspection of (?:element (\S+)|it) that passes(?:, not (\w+))?(?: \((.+)\))?$/,
    (_, element, found, asked) =>
      `${element ? `构件 ${element} ` : ""}的合格复检${found ? `，而不是${OUTCOMES[found] ?? found}` : ""}${asked ? `（${asked}）` : ""}`,
  ],
];

function lineSaid(text = ""): string {
  const [, decision = "", quantity = ""] = /^(.+) of (\S+)$/.exec(text) ?? [];
  return DECISIONS[decision] ? `${DECISIONS[decision]} ${quantity}` : text;
}

function found(text: string, among: typeof PHRASES): string | null {
  for (const [pattern, told] of among) {
    if (pattern.test(text))
      return typeof told === "string" ? text.replace(pattern, told) : text.replace(pattern, (...all) => told(...all));
  }
  return null;
}

/** Return one phrase of what is missing; in Chinese where it is known, else as the server says it. */
export function missingSaid(text: string): string {
  return named(translated(text));
}

function translated(text: string): string {
  if (language.value === "en") return text;
  const whole = found(text, PHRASES);
  if (whole !== null) return whole;
  const [, line = "", rest = ""] = /^([a-z_ ]+ of \S+?): (.+)$/.exec(text) ?? [];
  const said = line ? found(rest, OF_LINE) : null;
  return said === null ? text : `${lineSaid(line)}：${said}`;
}

export function allMissing(phrases: readonly string[]): string {
  return phrases.map(missingSaid).join(language.value === "zh" ? "；" : "; ");
}
