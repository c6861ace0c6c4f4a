import { groups } from "../gallery/index.js";
import { modes } from "./record.js";
import { asyncObservers, bare, controlled, governed, identified, syncObservers } from "./stacks.js";
import { between, controllable, telling, testGroup, unwatched } from "./suite.js";

testGroup(groups.functional, [
  { variant: bare, among: unwatched },
  { variant: identified, among: modes },
  { variant: syncObservers, among: between },
  { variant: asyncObservers, among: between },
  { variant: governed, among: telling },
  { variant: controlled, among: controllable },
]);
