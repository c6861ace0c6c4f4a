// A subpath of its own: the main entry cannot be loaded in a browser.
export { isDenied } from "@graphtap/langgraph/is-denied";
