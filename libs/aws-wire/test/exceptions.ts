/**
 * Operations whose round trip through the SDK cannot be shown, with the reason. At most twenty, none of them served;
 * a test checks both.
 */
export const exceptions: Readonly<Record<string, string>> = {};
