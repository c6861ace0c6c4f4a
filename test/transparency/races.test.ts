import { races } from "../gallery/races.js";
import { modes } from "./record.js";
import { bare, identified, syncObservers } from "./stacks.js";
import { between, testGroup } from "./suite.js";

testGroup(races, [
  { variant: bare, among: modes },
  { variant: identified, among: modes },
  { variant: syncObservers, among: between },
]);
