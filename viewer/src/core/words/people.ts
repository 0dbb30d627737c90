/** Words of the people of a project, which come with their panel. */
import { speaker } from "../i18n";

export const en = {
  title: "People of the project",
  duties:
    "Whoever raises a record does not judge it: that takes two other people at least, one who signs as quality manager and one who signs as contractor.",
  ownersDo: "Owners take people in and grant what they sign as: {names}.",
  role: "Role",
  signsAs: "Signs as",
  signsNothing: "signs nothing",
  save: "Save",
  letGo: "Let go",
  you: "you",
  takeIn: "Take somebody in",
  who: "Who",
  choose: "Choose a person",
  another: "Somebody without an account",
  login: "Login",
  name: "Name",
  company: "Organisation",
  nobodyLeft: "Everybody who has an account takes part. An administrator makes accounts.",
  password: "{name} signs in as {login} with this password, once, and then chooses another. It is not shown again:",
};

export const zh: Record<keyof typeof en, string> = {
  title: "项目成员",
  duties: "提出记录的人不参与评审：至少还需要另外两人，一人以质量负责人身份签字，一人以施工单位身份签字。",
  ownersDo: "由项目所有者添加成员并授予签字身份：{names}。",
  role: "角色",
  signsAs: "签字身份",
  signsNothing: "不签字",
  save: "保存",
  letGo: "移出项目",
  you: "您",
  takeIn: "添加成员",
  who: "人员",
  choose: "选择人员",
  another: "尚无账号的人员",
  login: "登录名",
  name: "姓名",
  company: "单位",
  nobodyLeft: "有账号的人都已加入。账号由管理员创建。",
  password: "{name}用登录名 {login} 和以下密码登录一次，随后自行更改。密码不再显示：",
};

/** A text of the people of a project in the language of the interface. */
export const tp = speaker<keyof typeof en>({ en, zh });
