resource "azurerm_sentinel_alert_rule_scheduled" "action1" {
  name                       = "7da76b41-8c1d-4602-91c6-5d99738d38f4"
  display_name               = "Action1 ${var.environment}"
  log_analytics_workspace_id = var.workspace_id
  severity                   = "Medium"
  query_frequency            = "PT5H"
  query                      = <<-QUERY
    let start = ago(${var.days}d);
    DeviceNetworkEvents
    | where Timestamp > start
    // quell:begin
    | where not(InitiatingProcessFileName =~ "setup.exe" and RemoteIP == "192.0.2.7")
    // quell:end
    | where RemoteUrl has "$${not_a_variable}"
  QUERY
}

resource "azurerm_sentinel_alert_rule_nrt" "one_line" {
  name  = "one-line"
  query = "DeviceNetworkEvents\n// quell:begin\n| where not(InitiatingProcessFileName =~ \"setup.exe\" and RemoteIP == \"192.0.2.7\")\n// quell:end (the line goes on)\n | where RemoteUrl == \"a\" | count"
}

resource "azurerm_sentinel_alert_rule_scheduled" "elsewhere" {
  name  = "elsewhere"
  query = file("${path.module}/elsewhere.kql")
}

resource "azurerm_sentinel_alert_rule_scheduled" "flush" {
  name  = "flush"
  query = <<QUERY
DeviceNetworkEvents
// quell:begin
| where not(InitiatingProcessFileName =~ "setup.exe" and RemoteIP == "192.0.2.7")
// quell:end
| count
QUERY
}
